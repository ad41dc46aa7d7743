import CollectorCore
import CollectorTestKit
import OTLPWire
import Testing

@testable import CollectorExporters

private let second: UInt64 = 1_000_000_000
private let start: UInt64 = 1_700_000_000 * second

@Suite("prometheus, deltas and resets")
struct DeltaTests {
    private func sum(
        _ value: Double, _ times: (UInt64, UInt64), _ temporality: TestTemporality = .delta, monotonic: Bool = true
    ) -> TestMetric {
        let point = TestNumberPoint(value: value, start: start + times.0 * second, time: start + times.1 * second)
        return TestMetric("c", .sum([point], temporality, isMonotonic: monotonic))
    }

    private func histogram(
        _ bounds: [Double], _ counts: [UInt64], _ times: (UInt64, UInt64), _ exemplars: [TestExemplar] = [],
        _ temporality: TestTemporality = .delta
    ) -> TestMetric {
        let point = TestHistogramPoint(
            bounds: bounds, counts: counts, sum: 1, start: start + times.0 * second, time: start + times.1 * second,
            exemplars: exemplars)
        return TestMetric("h", .histogram([point], temporality))
    }

    private func dropped(_ harness: PrometheusHarness) -> [String: Int] {
        let dropped = harness.context.account.statement().dropped.filter { $0.count > 0 }
        return Dictionary(dropped.map { ($0.reason, $0.count) }, uniquingKeysWith: +)
    }

    private func resets(_ harness: PrometheusHarness) -> [String: Double] {
        var result: [String: Double] = [:]
        for cause in ["gap", "bounds", "restart", "overflow"] {
            let count = harness.context.metric("otelcol_exporter_prometheus_resets", ["cause": cause])
            if count > 0 { result[cause] = count }
        }
        return result
    }

    @Test("what comes late and what overlaps is dropped, each under its own reason; a gap is a counted reset")
    func causes() throws {
        let harness = PrometheusHarness()
        for (value, times) in [
            (1.0, (0, 10)), (2, (10, 20)), (100, (10, 20)), (100, (0, 10)), (100, (15, 25)), (100, (20, 15)),
            (4, (20, 30)),
        ] as [(Double, (UInt64, UInt64))] {
            try harness.send(sum(value, times))
        }
        #expect(try harness.scrape().samples("c_total").map(\.value) == [7])
        #expect(dropped(harness) == ["out_of_order": 3, "overlapping_delta": 1])
        #expect(resets(harness).isEmpty)
        try harness.send(sum(8, (40, 50)))
        #expect(try harness.scrape().samples("c_total").map(\.value) == [8])
        #expect(resets(harness) == ["gap": 1])
        #expect(harness.context.account.imbalance == nil)
    }

    @Test("sums that may fall are dropped, or add up when that is wanted (conformance 130)")
    func nonMonotonic() throws {
        let dropping = PrometheusHarness()
        let adding = PrometheusHarness { $0.nonMonotonicDeltas = .accumulate }
        for harness in [dropping, adding] {
            try harness.send(sum(5, (0, 10), monotonic: false))
            try harness.send(sum(-7, (10, 20), monotonic: false))
        }
        #expect(try dropping.scrape().families.isEmpty)
        #expect(dropped(dropping) == ["non_monotonic_delta": 2])
        #expect(try adding.scrape()["c"]?.type == "gauge")
        #expect(try adding.scrape().samples("c").map(\.value) == [-2])
        #expect(adding.context.account.imbalance == nil)
    }

    @Test(
        "other bounds start a histogram anew, counted; exemplars move to the buckets they belong to (conformance 132)")
    func bounds() throws {
        let harness = PrometheusHarness()
        let exemplar = TestExemplar(TraceID(high: 1, low: 1), value: 3)
        try harness.send(histogram([2], [1, 1], (0, 10), [exemplar]))
        try harness.send(histogram([2], [1, 1], (10, 20)))
        try harness.send(histogram([2, 4], [5, 6, 7], (20, 30)))
        let buckets = try harness.scrape().samples("h_bucket")
        #expect(buckets.map(\.value) == [5, 11, 18])
        #expect(buckets.map { $0.exemplar?.value } == [nil, 3, nil])
        #expect(resets(harness) == ["bounds": 1])
        try harness.send(histogram([2, 4], [1, 1, 1], (30, 40)))
        #expect(try harness.scrape().samples("h_bucket").map(\.value) == [6, 13, 21])
    }

    @Test("a cumulative source that began anew is counted, and its start is shown (conformance 133)")
    func restart() throws {
        let harness = PrometheusHarness { $0.showsCreatedTimestamps = true }
        try harness.send(sum(9, (0, 10), .cumulative))
        try harness.send(sum(1, (12, 20), .cumulative))
        #expect(try harness.scrape().samples("c_total").map(\.value) == [1])
        #expect(try harness.scrape().samples("c_created").map(\.value) == [1_700_000_012])
        #expect(resets(harness) == ["restart": 1])
    }

    @Test("more observations than Prometheus can take start an exponential histogram anew")
    func overflow() throws {
        let harness = PrometheusHarness()
        for number in 0..<2 {
            let point = TestExponentialPoint(
                scale: 0, positive: (0, [UInt64(Int64.max)]), times: (UInt64(number), UInt64(number) + 1))
            try harness.send(point, .delta)
        }
        #expect(try harness.scrapeMessages()["h"]?.metrics.first?.count == UInt64(Int64.max))
        #expect(resets(harness) == ["overflow": 1])
    }

    @Test("series go after the time set for their names, the first pattern counts (conformance 145)")
    func expirations() throws {
        let rules: TestConfig = [
            ["metrics": "^slow_", "expiration": "10m"], ["metrics": "kept", "expiration": "0"],
            ["metrics": "_kept$", "expiration": "1s"],
        ]
        let read = PrometheusFactory().read(["endpoint": "x:1", "metric_expiration": "1m", "metric_expirations": rules])
        try #require(read.problems.isEmpty, "\(read.problems)")
        let harness = PrometheusHarness(read.config)
        for name in ["slow.a", "is.kept", "other"] {
            try harness.send(TestMetric(name, .gauge([TestNumberPoint(value: 1)])))
        }
        func names() throws -> [String] {
            harness.exporter.sweep()
            return try harness.scrape(openMetrics: false).families.map(\.name)
        }
        #expect(try names() == ["target_info", "is_kept", "other", "slow_a"])
        harness.context.clock.advance(by: .seconds(61))
        #expect(try names() == ["target_info", "is_kept", "slow_a"])
        harness.context.clock.advance(by: .seconds(600))
        #expect(try names() == ["target_info", "is_kept"])
        #expect(try harness.scrapeMessages().families.map(\.name) == ["target_info", "is_kept"])
    }

    @Test("mistakes in patterns and deltas' choice are named with what would be right")
    func mistakes() {
        let problems = PrometheusFactory().read([
            "endpoint": "x:1", "non_monotonic_deltas": "guess",
            "metric_expirations": [["metrics": "(", "expiration": "1h"], ["metrics": "a"], ["expiration": "1h"]],
        ]).problems
        #expect(problems.count == 4)
        #expect(problems.contains { $0.contains("no regular expression") })
        #expect(problems.contains { $0.contains("`0` means never") })
    }
}
