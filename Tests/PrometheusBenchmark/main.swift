// What the prometheus exporter costs per point taken and per line scraped. Prints one line per measurement; the ratio
// of a scrape to `gzip -1` over the same text does not depend on the machine.

import CollectorCore
import CollectorExporters
import CollectorTestKit
import CollectorTransport
import Glibc
import NIOCore

/// The processor time of this process.
func processorTime() -> Duration {
    var time = timespec()
    // unsafe: clock_gettime takes a pointer; `time` lives across the call.
    unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
}

func cost(_ operation: () throws -> Void) rethrows -> Duration {
    let start = processorTime()
    try operation()
    return processorTime() - start
}

func best(_ rounds: Int, _ operation: () throws -> Void) rethrows -> Duration {
    var best = Duration.seconds(1_000)
    for _ in 0..<rounds { best = min(best, try cost(operation)) }
    return best
}

func nanoseconds(_ duration: Duration, per count: Int) -> Int {
    Int(duration / .nanoseconds(1) / Double(max(1, count)))
}

func makeExporter(_ context: TestContext) throws -> any ConsumingComponent {
    let factory = PrometheusFactory()
    let (config, problems) = factory.read(["endpoint": "localhost:0", "enable_open_metrics": true])
    for problem in problems { print(problem) }
    return try factory.make(config, context.context(ComponentID(type: "prometheus")), signal: .metrics)
}

let attributes = { (number: Int) -> TestAttributes in
    ["http.request.method": "GET", "http.route": .string("/api/v1/items/\(number)"), "http.response.status_code": 200]
}

/// `count` series, twenty to a metric.
func request(_ count: Int, _ data: ([Int]) -> TestMetric.Data) -> [UInt8] {
    let metrics = stride(from: 0, to: count, by: 20).map { first in
        TestMetric("http.server.metric.\(first)", unit: "s", data(Array(first..<first + 20)))
    }
    return metricsRequest(
        resource: ["service.name": "checkout", "service.instance.id": "node-17", "host.name": "h"], metrics)
}

func histograms(_ exemplars: Bool) -> ([Int]) -> TestMetric.Data {
    { numbers in
        .histogram(
            numbers.map { number in
                let exemplar = TestExemplar(.init(high: 1, low: UInt64(number)), value: 3.5)
                return TestHistogramPoint(
                    attributes: attributes(number), bounds: (1...12).map { Double($0) / 4 },
                    counts: (0...12).map { UInt64($0 * number) },
                    sum: 123.456, exemplars: exemplars ? [exemplar] : [])
            })
    }
}

let sums: ([Int]) -> TestMetric.Data = { numbers in
    .sum(numbers.map { TestNumberPoint(attributes: attributes($0), value: Double($0)) })
}

for (name, body) in [
    ("sums", request(1000, sums)), ("histograms", request(1000, histograms(false))),
    ("histograms with exemplars", request(1000, histograms(true))),
] {
    let exporter = try makeExporter(TestContext(signal: .metrics))
    let batch = try Batch(signal: .metrics, requests: body)
    let first = try cost { _ = try exporter.consume(batch) }
    let known = try best(200) { _ = try exporter.consume(batch) }
    print(
        "\(name): \(nanoseconds(known, per: 1000)) ns per point of a known series, "
            + "\(nanoseconds(first, per: 1000)) of a new one")
}

let exporter = try makeExporter(TestContext(signal: .metrics))
for (count, data) in [(16_000, histograms(true)), (4_000, sums)] {
    _ = try exporter.consume(try Batch(signal: .metrics, requests: request(count, data)))
}
if let exporter = exporter as? PrometheusExporter {
    for accept in ["text/plain", "application/openmetrics-text; version=1.0.0"] {
        func scrape(_ encoding: String?) -> HTTPAnswer {
            exporter.endpoint.answer(
                PrometheusEndpoint.Request(method: "GET", path: "/metrics", accept: accept, acceptEncoding: encoding))
        }
        let text = scrape(nil).body
        let plain = best(10) { _ = scrape(nil) }
        let gzipped = best(10) { _ = scrape("gzip") }
        let gzip = best(10) { _ = Deflater.gzip([text], level: 1) }
        let lines = text.readableBytesView.split(separator: 10).count
        print(
            "\(accept): \(lines) lines, \(text.readableBytes >> 20) MiB, "
                + "\(nanoseconds(plain, per: lines)) ns per line; "
                + "\(Int(plain / gzip * 100)) % of gzip -1, \(Int(gzipped / gzip * 100)) % compressed")
    }
}
