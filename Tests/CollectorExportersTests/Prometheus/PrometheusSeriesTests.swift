import CollectorCore
import CollectorTestKit
import Testing

@testable import CollectorExporters

private let second: UInt64 = 1_000_000_000
private let start: UInt64 = 1_700_000_000 * second

@Suite("prometheus, series")
struct PrometheusSeriesTests {
    private func sum(_ value: Double, _ times: (UInt64, UInt64), _ temporality: TestTemporality, monotonic: Bool = true)
        -> TestMetric
    {
        let point = TestNumberPoint(value: value, start: start + times.0 * second, time: start + times.1 * second)
        return TestMetric("c", .sum([point], temporality, isMonotonic: monotonic))
    }

    @Test("deltas add up, over a gap too; an overlap is dropped and counted (conformance 130, 131)")
    func deltas() throws {
        let harness = PrometheusHarness { $0.nonMonotonicDeltas = .drop }
        try harness.send(sum(5, (0, 10), .delta))
        try harness.send(sum(7, (10, 20), .delta))
        #expect(try harness.scrape().samples("c_total").map(\.value) == [12])
        try harness.send(sum(100, (15, 25), .delta))
        #expect(try harness.scrape().samples("c_total").map(\.value) == [12])
        try harness.send(sum(3, (30, 40), .delta))
        #expect(try harness.scrape().samples("c_total").map(\.value) == [15])
        try harness.send(sum(1, (40, 50), .delta, monotonic: false))
        let books = harness.context.account.statement()
        #expect(books.dropped.filter { $0.count > 0 }.map(\.reason) == ["overlapping_delta", "non_monotonic_delta"])
        #expect(books.exposed == 3)
        #expect(harness.context.account.imbalance == nil)
    }

    @Test("an older point does not replace a newer one, an equal time does (conformance 134)")
    func order() throws {
        let harness = PrometheusHarness()
        try harness.send(sum(5, (0, 10), .cumulative))
        try harness.send(sum(4, (0, 9), .cumulative))
        #expect(try harness.scrape().samples("c_total").map(\.value) == [5])
        try harness.send(sum(6, (0, 10), .cumulative))
        #expect(try harness.scrape().samples("c_total").map(\.value) == [6])
        #expect(harness.context.account.imbalance == nil)
    }

    @Test(
        "the second of two types under one name is dropped whole, until the first expires (conformance 109, 110, 145)")
    func typeConflict() throws {
        let harness = PrometheusHarness { $0.expirations.standard = .seconds(60) }
        let gauge = TestMetric("x", description: "first", .gauge([TestNumberPoint(value: 1)]))
        let histogram = TestMetric(
            "x", description: "second", .histogram([TestHistogramPoint(bounds: [1], counts: [1, 0])]))
        try harness.send(gauge)
        try harness.send(histogram)
        #expect(try harness.scrape()["x"]?.type == "gauge")
        #expect(harness.context.metric("otelcol_exporter_prometheus_conflicts", ["kind": "type"]) == 1)
        harness.context.clock.advance(by: .seconds(61))
        #expect(try harness.scrape().families.isEmpty)
        try harness.send(histogram)
        #expect(try harness.scrape()["x"]?.type == "histogram")
        #expect(try harness.scrape()["x"]?.help == "second")
        #expect(harness.context.account.imbalance == nil)
    }

    @Test("families that meet only in OpenMetrics are both in 0.0.4 (conformance 170)")
    func openMetricsConflict() throws {
        let harness = PrometheusHarness()
        try harness.send(
            TestMetric("x", .sum([TestNumberPoint(value: 1)])),
            TestMetric("x", .sum([TestNumberPoint(value: 2)], isMonotonic: false)),
            TestMetric("h", .histogram([TestHistogramPoint(bounds: [1], counts: [1, 0])])),
            TestMetric("h.count", .gauge([TestNumberPoint(value: 3)])))
        #expect(try harness.scrape(openMetrics: false)["x"]?.type == "gauge")
        #expect(try harness.scrape(openMetrics: false)["x_total"]?.type == "counter")
        #expect(try harness.scrape()["x"]?.type == "counter")
        #expect(try harness.scrape()["h_count"] == nil)
        #expect(harness.context.metric("otelcol_exporter_prometheus_conflicts", ["kind": "family"]) == 2)
    }

    @Test("a family that no format can show is not counted as shown; it is when its names are free")
    func hiddenFamily() throws {
        let harness = PrometheusHarness { $0.expirations.standard = .seconds(60) }
        let histogram = TestMetric("h", .histogram([TestHistogramPoint(bounds: [1], counts: [1, 0])]))
        try harness.send(TestMetric("h.count", .gauge([TestNumberPoint(value: 3)])))
        for _ in 0..<5 {
            try harness.send(histogram)
            harness.exporter.sweep()
        }
        let books = harness.context.account.statement()
        #expect(books.exposed == 1)
        #expect(books.dropped.filter { $0.count > 0 }.map(\.reason) == ["name_conflict"])
        #expect(books.dropped.map(\.count).reduce(0, +) == 5)
        #expect(try harness.scrape()["h"] == nil)
        try harness.send(histogram)
        harness.context.clock.advance(by: .seconds(61))
        harness.exporter.sweep()
        try harness.send(histogram)
        #expect(try harness.scrape()["h"]?.type == "histogram")
        #expect(harness.context.account.imbalance == nil)
    }

    @Test("series that look the same are summed when they count, else the newest wins (conformance 120)")
    func merging() throws {
        let harness = PrometheusHarness()
        for (host, value) in [("a", 1.0), ("b", 2.0)] {
            let time = start + UInt64(value) * second
            try harness.send(
                resource: ["host.name": .string(host)],
                TestMetric("c", .sum([TestNumberPoint(value: value, time: time)])),
                TestMetric("g", .gauge([TestNumberPoint(value: value, time: time)])),
                TestMetric("h", .histogram([TestHistogramPoint(bounds: [1], counts: [2, 3], sum: value, time: time)])))
        }
        let exposition = try harness.scrape()
        #expect(exposition.samples("c_total").map(\.value) == [3])
        #expect(exposition.samples("g").map(\.value) == [2])
        #expect(exposition.samples("h_bucket").map(\.value) == [4, 10])
        #expect(exposition.samples("h_sum").map(\.value) == [3])
        #expect(exposition.samples("target_info").count == 1)
        #expect(harness.context.metric("otelcol_exporter_prometheus_conflicts", ["kind": "series"]) == 3)
    }

    @Test(
        "a series goes when no point comes for it, and its place is used again; 0 keeps it for good (conformance 145)")
    func expiry() throws {
        let harness = PrometheusHarness { $0.expirations.standard = .seconds(10) }
        let lasting = PrometheusHarness { $0.expirations.standard = nil }
        func point(_ key: String) -> TestNumberPoint { TestNumberPoint(attributes: ["k": .string(key)], value: 1) }
        for each in [harness, lasting] { try each.send(TestMetric("g", .gauge([point("a"), point("b")]))) }
        harness.context.clock.advance(by: .seconds(8))
        lasting.context.clock.advance(by: .seconds(1_000_000))
        try harness.send(TestMetric("g", .gauge([point("a")])))
        harness.context.clock.advance(by: .seconds(8))
        harness.exporter.sweep()
        lasting.exporter.sweep()
        #expect(try harness.scrape().samples("g").count == 1)
        #expect(try lasting.scrape().samples("g").count == 2)
        try harness.send(TestMetric("g", .gauge([point("c"), point("b")])))
        #expect(try harness.scrape().samples("g").count == 3)
        harness.context.clock.advance(by: .seconds(11))
        harness.exporter.sweep()
        #expect(try harness.scrape().families.isEmpty)
    }

    @Test("bounds that end in +Inf show one +Inf bucket; deltas of them add up (conformance 136)")
    func infiniteBound() throws {
        let harness = PrometheusHarness()
        for time in 1...2 {
            let point = TestHistogramPoint(
                bounds: [1, .infinity], counts: [1, 2, 0], sum: 4, start: start + UInt64(time) * second,
                time: start + UInt64(time + 1) * second)
            try harness.send(TestMetric("h", .histogram([point], .delta)))
        }
        #expect(try harness.scrape().samples("h_bucket").map(\.value) == [2, 6])
    }

    @Test("a histogram without a sum has neither sum nor count in OpenMetrics (conformance 138, 139)")
    func noSum() throws {
        let harness = PrometheusHarness()
        try harness.send(
            TestMetric("h", .histogram([TestHistogramPoint(bounds: [1], counts: [1, 0])])),
            TestMetric("n", .histogram([TestHistogramPoint(bounds: [-1, 1], counts: [1, 0, 0], sum: 3)])))
        #expect(try harness.scrape().samples("h_count").isEmpty)
        #expect(try harness.scrape().samples("n_sum").isEmpty)
        #expect(try harness.scrape(openMetrics: false).samples("h_count").map(\.value) == [1])
    }

    @Test("names that only look the same are different: bytes count")
    func canonicalEquivalence() throws {
        let harness = PrometheusHarness { $0.translationStrategy = .noTranslation }
        try harness.send(
            TestMetric("caf\u{e9}", .gauge([TestNumberPoint(value: 1)])),
            TestMetric("cafe\u{301}", .gauge([TestNumberPoint(value: 2)])))
        let text = String(decoding: harness.scrapeText(escaping: "values"), as: UTF8.self)
        #expect(text.contains("U__caf_e9_") && text.contains("U__cafe_301_"))
    }

    @Test("start times are shown on request only (conformance 144)")
    func created() throws {
        let point = TestNumberPoint(value: 1, start: start)
        let metric = TestMetric("c", .sum([point]))
        let harness = PrometheusHarness { $0.showsCreatedTimestamps = true }
        try harness.send(metric)
        #expect(try harness.scrape().samples("c_created").map(\.value) == [1_700_000_000])
        #expect(try harness.scrape(openMetrics: false).samples("c_created").isEmpty)
        let silent = PrometheusHarness()
        try silent.send(metric)
        #expect(try silent.scrape().samples("c_created").isEmpty)
    }

    @Test("the unit is told when the name ends in it (conformance 106, 171, 172)")
    func unit() throws {
        let harness = PrometheusHarness()
        try harness.send(
            TestMetric("d", unit: "s", .sum([TestNumberPoint(value: 1)])),
            TestMetric("i.seconds.count", unit: "s", .gauge([TestNumberPoint(value: 1)])))
        #expect(try harness.scrape()["d_seconds"]?.unit == "seconds")
        #expect(try harness.scrape()["i_seconds_count"]?.unit == nil)
        #expect(try harness.scrape(openMetrics: false)["d_seconds_total"]?.unit == nil)
        try harness.send(TestMetric("o", description: "Order.", unit: "s", .gauge([TestNumberPoint(value: 1)])))
        for (isOpenMetrics, order) in [(true, ["TYPE", "UNIT", "HELP"]), (false, ["HELP", "TYPE"])] {
            let lines = harness.scrapeText(openMetrics: isOpenMetrics).text.split(separator: "\n")
            let words = lines.map { $0.split(separator: " ") }
            let metadata = words.filter { $0[0] == "#" && $0.dropFirst(2).first == "o_seconds" }
            #expect(metadata.map { String($0[1]) } == order)
        }
    }

    @Test("points find their series in whatever order they come, also when places are used again")
    func orderOfPoints() throws {
        let harness = PrometheusHarness { $0.expirations.standard = .seconds(60) }
        var time: UInt64 = 0
        func send(_ numbers: [Int]) throws {
            time += 1
            let points = numbers.map { number in
                TestNumberPoint(
                    attributes: ["n": .int(Int64(number))], value: Double(1000 * Int(time) + number),
                    time: start + time * second)
            }
            try harness.send(TestMetric("g", .gauge(points)))
        }
        func shown() throws -> [String: Double] {
            let samples = try harness.scrape().samples("g")
            return Dictionary(
                uniqueKeysWithValues: samples.map { sample in
                    (sample.labels.first { $0.name == "n" }?.value ?? "", sample.value)
                })
        }
        try send([0, 1, 2, 3])
        try send([0, 1, 2, 3])
        #expect(try shown() == ["0": 2000, "1": 2001, "2": 2002, "3": 2003])
        try send([3, 1, 0])
        #expect(try shown() == ["0": 3000, "1": 3001, "2": 2002, "3": 3003])
        harness.context.clock.advance(by: .seconds(61))
        try send([0, 3])
        harness.exporter.sweep()
        #expect(try shown() == ["0": 4000, "3": 4003])
        try send([0, 1, 2, 3])
        #expect(try shown() == ["0": 5000, "1": 5001, "2": 5002, "3": 5003])
        try send([0, 4, 1, 1, 3, 2])
        #expect(try shown() == ["0": 6000, "1": 6001, "2": 6002, "3": 6003, "4": 6004])
        #expect(harness.context.account.imbalance == nil)
    }
}
