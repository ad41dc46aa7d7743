import CollectorCore
import CollectorTestKit
import CollectorTransport
import NIOCore
import OTLPMessages
import OTLPWire

@testable import CollectorExporters

/// A `prometheus` exporter without sockets.
struct PrometheusHarness {
    let context: TestContext
    let exporter: PrometheusExporter

    init(_ config: PrometheusConfig, budgetBytes: Int = 1 << 30) {
        context = TestContext(signal: .metrics, budgetBytes: budgetBytes)
        exporter = PrometheusExporter(config, context.context(ComponentID(type: "prometheus")))
    }

    init(budgetBytes: Int = 1 << 30, _ change: (inout PrometheusConfig) -> Void = { _ in }) {
        var config = PrometheusConfig()
        config.enablesOpenMetrics = true
        change(&config)
        self.init(config, budgetBytes: budgetBytes)
    }

    /// Sends a request as a receiver would, but with the points left in that receivers refuse: the exporter must live
    /// with them.
    func send(_ request: [UInt8]) throws {
        var request = request
        var validation = try validateMetrics(request.span)
        if validation.needsCanonicalForm {
            request = try canonicalWire(from: request.span, kind: .metricsRequest)
            validation = try validateMetrics(request.span)
        }
        if case .metrics(var index) = validation.index {
            for refused in validation.refusedPoints {
                var points = FieldCursor(request.span, refused.range)
                while points.next() != nil {
                    index.metrics[Int(refused.metric)].pointCount += 1
                    index.pointCount += 1
                }
            }
            validation.index = .metrics(index)
        }
        let segment = Segment(body: ByteBuffer(bytes: request), index: validation.index, reservation: nil)
        context.account.received.add(segment.itemCount)
        _ = try exporter.consume(Batch(signal: .metrics, segments: [segment]))
    }

    func send(resource: TestAttributes = ["service.name": "shop"], _ metrics: TestMetric...) throws {
        try send(metricsRequest(resource: resource, metrics))
    }

    func answer(
        method: String = "GET", path: String = "/metrics", accept: String? = nil, encoding: String? = nil
    ) -> HTTPAnswer {
        var (answer, rest) = exporter.endpoint.answer(
            PrometheusEndpoint.Request(method: method, path: path, accept: accept, acceptEncoding: encoding))
        while let source = rest {
            switch source.next() {
            case .part(let piece): answer.body.writeImmutableBuffer(piece)
            case .end(let piece):
                answer.body.writeImmutableBuffer(piece)
                rest = nil
            case .failed:
                answer.status = 500
                rest = nil
            }
        }
        return answer
    }

    static let openMetrics = "application/openmetrics-text; version=1.0.0"

    /// What a scrape shows, after checking it against every rule of the format.
    func scrape(openMetrics: Bool = true, escaping: String? = nil) throws -> Exposition {
        let text = scrapeText(openMetrics: openMetrics, escaping: escaping)
        let exposition = try Exposition(text, isOpenMetrics: openMetrics)
        try exposition.checkRules(isOpenMetrics: openMetrics)
        return exposition
    }

    func scrapeText(openMetrics: Bool = true, escaping: String? = nil) -> [UInt8] {
        let parameter = escaping.map { "; escaping=\($0)" } ?? ""
        let accept = openMetrics ? Self.openMetrics : "text/plain; version=0.0.4"
        return Array(answer(accept: accept + parameter).body.readableBytesView)
    }
}

extension HTTPAnswer {
    func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }
}
