import CollectorTestKit
import NIOCore
import Testing

@testable import CollectorExporters

@Suite("prometheus, series that escaping makes equal")
struct EscapedSeriesTests {
    private let harness = PrometheusHarness {
        $0.translationStrategy = .noTranslation
        $0.reportsOmissions = true
    }

    private func alike(_ values: [Double], _ time: UInt64 = 1_700_000_000_000_000_000) -> [TestNumberPoint] {
        zip(["x.y", "x_y", "x-y", "x y"], values).enumerated().map { number, pair in
            TestNumberPoint(
                attributes: TestAttributes([(pair.0, .string("1"))]), value: pair.1, time: time + UInt64(number))
        }
    }

    private func conflicts(_ kind: String) -> Double {
        harness.context.metric("otelcol_exporter_prometheus_conflicts", ["kind": kind])
    }

    @Test("counters are summed, and it is counted once for each escaping")
    func counters() throws {
        try harness.send(TestMetric("c_total", .sum(alike([5, 7, 30, 100]))))
        #expect(try harness.scrape(escaping: "allow-utf-8").samples("c_total").count == 4)
        #expect(conflicts("escaped_series") == 0)
        for _ in 0..<2 {
            #expect(try harness.scrape().samples("c_total").map(\.value) == [142])
            #expect(try harness.scrape(openMetrics: false).samples("c_total").map(\.value) == [142])
            #expect(try harness.scrapeMessages()["c_total"]?.metrics.map(\.value) == [142])
        }
        #expect(conflicts("escaped_series") == 3)
        // All but dots look the same there.
        #expect(try harness.scrape(escaping: "dots").samples("c_total").map(\.value).sorted() == [5, 7, 130])
        #expect(conflicts("escaped_series") == 4)
        #expect(try harness.scrape(escaping: "values").samples("c_total").count == 4)
    }

    @Test("of gauges the newest counts; the others count again when it has gone")
    func gauges() throws {
        try harness.send(TestMetric("g", .gauge(alike([1, 2]))))
        #expect(try harness.scrape().samples("g").map(\.value) == [2])
        try harness.send(TestMetric("g", .gauge(Array(alike([9], 1_700_000_001_000_000_000)))))
        #expect(try harness.scrape().samples("g").map(\.value) == [9])
        harness.context.clock.advance(by: .seconds(200))
        try harness.send(TestMetric("g", .gauge(Array(alike([3, 4], 1_700_000_002_000_000_000).suffix(1)))))
        harness.context.clock.advance(by: .seconds(200))
        #expect(try harness.scrape().samples("g").map(\.value) == [4])
        harness.exporter.sweep()
        #expect(try harness.scrape().samples("g").map(\.value) == [4])
    }

    @Test("buckets of histograms are summed")
    func histograms() throws {
        let points = ["x.y", "x_y"].map {
            TestHistogramPoint(
                attributes: TestAttributes([($0, .string("1"))]), bounds: [1], counts: [2, 3], sum: 10)
        }
        try harness.send(TestMetric("h", .histogram(points)))
        let exposition = try harness.scrape()
        #expect(exposition.samples("h_bucket").map(\.value) == [4, 10])
        #expect(exposition.samples("h_sum").map(\.value) == [20])
    }

    @Test("what was shown as one is not shown again when a part of it goes during the scrape")
    func partGoes() throws {
        let long = String(repeating: "v", count: 10_000)
        let fillers = (0..<100).map { TestNumberPoint(attributes: ["k": .string("\($0)\(long)")], value: 0) }
        let pair = alike([1, 2])
        try harness.send(TestMetric("g", .gauge([pair[0]] + fillers + [pair[1]])))
        let request = PrometheusEndpoint.Request(
            method: "GET", path: "/metrics", accept: PrometheusHarness.openMetrics, acceptEncoding: nil)
        let (answer, rest) = harness.exporter.endpoint.answer(request)
        var text = String(buffer: answer.body)
        let isShown = text.split(separator: "\n").contains { $0.hasSuffix("x_y=\"1\"} 2.0") }
        #expect(isShown)
        harness.context.clock.advance(by: .seconds(200))
        try harness.send(TestMetric("g", .gauge([pair[1]])))
        harness.context.clock.advance(by: .seconds(200))
        harness.exporter.sweep()
        let source = try #require(rest)
        guard case .end(let end) = source.next() else { throw ExpositionError("more than two pieces") }
        text += String(buffer: end)
        let count = text.split(separator: "\n").count { $0.contains("x_y") }
        #expect(count == 1)
    }

    @Test("labels of one series that escaping joins are counted")
    func joinedLabels() throws {
        try harness.send(TestMetric("g", .gauge([TestNumberPoint(attributes: ["x.y": "1", "x_y": "2"], value: 1)])))
        _ = try harness.scrape()
        _ = try harness.scrape()
        #expect(conflicts("label") == 1)
    }

    @Test("series of a metric whose escaped name another one has are counted by each scrape that leaves them out")
    func hiddenFamily() throws {
        let points = [TestNumberPoint(value: 1), TestNumberPoint(attributes: ["k": "v"], value: 2)]
        try harness.send(TestMetric("a.b", .gauge(points)), TestMetric("a_b", .gauge(points)))
        #expect(try harness.scrape(escaping: "allow-utf-8").samples("a_b").count == 2)
        #expect(conflicts("hidden_series") == 0)
        let exposition = try harness.scrape()
        #expect(exposition.samples("a_b").count == 2)
        let report = exposition.samples("needletail_scrape_omissions_total")
        let hidden = report.first { $0.labels.contains { $0.value == "hidden_series" } }
        #expect(hidden?.value == 2)
        _ = try harness.scrape(openMetrics: false)
        #expect(conflicts("hidden_series") == 4)
    }

    @Test("however series come and go, those alike are found", arguments: EscapingScheme.allCases)
    func model(scheme: EscapingScheme) {
        var random = Seeded(state: 7)
        let names = ["a.b", "a_b", "a b", "_.", "__", "\u{e9}", "U__a_2e_b", "a"]
        var places: [[UInt8]] = []
        var escaped = EscapedSeries(scheme)
        for _ in 0..<2000 {
            let name = Array(names.randomElement(using: &random) ?? "")
            let labels = LabelSet([LabelEntry(key: name, name: name, value: [0x31])]).block
            switch Int.random(in: 0...3, using: &random) {
            case 0 where places.count < 12:
                places.append(labels)
                escaped.append(labels: labels)
            case 1:
                let place = Int.random(in: 0..<14, using: &random)
                if place < places.count { places[place] = [] }
                escaped.remove(place)
            default:
                let place = Int.random(in: 0..<14, using: &random)
                if place < places.count { places[place] = labels }
                escaped.replace(place, labels: labels)
            }
            let expected = places.map { $0.isEmpty ? [] : LabelSet.escaped($0, scheme).block }
            #expect(escaped.blocks == expected)
            for block in Set(expected) where !block.isEmpty {
                let alike = expected.indices.filter { expected[$0] == block }
                #expect(escaped.isShared(block) == (alike.count > 1))
                if alike.count > 1 { #expect(escaped.places(of: block) == alike) }
            }
        }
    }
}
