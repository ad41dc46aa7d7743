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
        for cause in ["bounds", "restart", "overflow"] {
            let count = harness.context.metric("otelcol_exporter_prometheus_resets", ["cause": cause])
            if count > 0 { result[cause] = count }
        }
        return result
    }

    private func gaps(_ harness: PrometheusHarness, _ state: String = "seen") -> Double {
        harness.context.metric("otelcol_exporter_prometheus_delta_gaps", ["state": state])
    }

    private func conflicts(_ harness: PrometheusHarness, _ kind: String) -> Double {
        harness.context.metric("otelcol_exporter_prometheus_conflicts", ["kind": kind])
    }

    @Test("what comes late and what overlaps is dropped, each under its own reason; a gap is counted and costs nothing")
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
        #expect(try harness.scrape().samples("c_total").map(\.value) == [15])
        #expect(resets(harness).isEmpty)
        #expect(gaps(harness) == 1)
        #expect(harness.context.account.imbalance == nil)
    }

    @Test("what was missing in a gap is added when it comes late, once")
    func late() throws {
        let harness = PrometheusHarness()
        for (value, times) in [(1.0, (0, 10)), (2, (40, 50)), (4, (10, 20)), (8, (30, 40)), (16, (20, 30))]
            as [(Double, (UInt64, UInt64))]
        {
            try harness.send(sum(value, times))
        }
        #expect(try harness.scrape().samples("c_total").map(\.value) == [31])
        #expect(gaps(harness) == 1)
        #expect(gaps(harness, "filled") == 3)
        try harness.send(sum(100, (10, 20)))
        try harness.send(sum(100, (20, 30)))
        #expect(try harness.scrape().samples("c_total").map(\.value) == [31])
        #expect(dropped(harness) == ["out_of_order": 2])
    }

    @Test("a start may be off by a hundredth of the interval; more than that is a gap or an overlap")
    func jitter() throws {
        for offset: Int64 in [1, -1, 9_900_000, -9_900_000] {
            let harness = PrometheusHarness()
            try sendFive(offset, to: harness)
            #expect(try harness.scrape().samples("c_total").map(\.value) == [50])
            #expect(gaps(harness) == 0)
        }
        let gapped = PrometheusHarness()
        try sendFive(20_000_000, to: gapped)
        #expect(try gapped.scrape().samples("c_total").map(\.value) == [50])
        #expect(gaps(gapped) == 4)
        let overlapping = PrometheusHarness()
        try sendFive(-20_000_000, to: overlapping)
        // What has been dropped leaves room for the next one.
        #expect(try overlapping.scrape().samples("c_total").map(\.value) == [30])
        #expect(dropped(overlapping) == ["overlapping_delta": 2])
        #expect(gaps(overlapping) == 2)
    }

    /// Five deltas of ten, a second each, whose starts are off by so many nanoseconds.
    private func sendFive(_ offset: Int64, to harness: PrometheusHarness) throws {
        for number in 0..<5 {
            let begin = Int64(start) + Int64(number) * Int64(second)
            let point = TestNumberPoint(
                value: 10, start: UInt64(begin + (number > 0 ? offset : 0)), time: UInt64(begin) + second)
            try harness.send(TestMetric("c", .sum([point], .delta)))
        }
    }

    @Test("histograms go on over a gap as well")
    func histogramGap() throws {
        let harness = PrometheusHarness()
        try harness.send(histogram([2], [1, 2], (0, 10)))
        try harness.send(histogram([2], [4, 8], (60, 70)))
        try harness.send(histogram([2], [16, 32], (10, 60)))
        #expect(try harness.scrape().samples("h_bucket").map(\.value) == [21, 63])
        #expect(gaps(harness) == 1)
        #expect(gaps(harness, "filled") == 1)
    }

    @Test("a delta that is no number does not make the sum one")
    func noNumber() throws {
        for monotonic in [true, false] {
            let harness = PrometheusHarness()
            try harness.send(sum(1, (0, 10), monotonic: monotonic))
            try harness.send(sum(.nan, (10, 20), monotonic: monotonic))
            try harness.send(sum(.infinity, (10, 20), monotonic: monotonic))
            try harness.send(sum(2, (10, 20), monotonic: monotonic))
            #expect(try harness.scrape().samples(monotonic ? "c_total" : "c").map(\.value) == [3])
            #expect(dropped(harness) == ["invalid_point": 2])
        }
    }

    @Test("times hours ahead are taken as of now: they neither freeze a series nor are lost")
    func future() throws {
        let harness = PrometheusHarness()
        try harness.send(sum(1, (0, 10)))
        try harness.send(sum(2, (7200, 7210)))
        try harness.send(sum(4, (10, 20)))
        #expect(try harness.scrape().samples("c_total").map(\.value) == [7])
        #expect(conflicts(harness, "future") == 1)
        let cumulative = PrometheusHarness { $0.sendsTimestamps = true }
        let far = TestNumberPoint(value: 5, start: start, time: UInt64(1) << 63)
        try cumulative.send(TestMetric("c", .sum([far])))
        let now = cumulative.context.clock.wallTime()
        #expect(try cumulative.scrape().samples("c_total").map(\.time) == [Double(now / second)])
        cumulative.context.clock.advance(by: .seconds(10))
        try cumulative.send(sum(6, (0, 10), .cumulative))
        #expect(try cumulative.scrape().samples("c_total").map(\.value) == [6])
        #expect(conflicts(cumulative, "future") == 1)
    }

    @Test("a sender whose clock is hours ahead is compared with itself: what it repeats is not counted twice")
    func repeatedFuture() throws {
        let harness = PrometheusHarness()
        for (value, times) in [
            (7.0, (3600, 3610)), (7, (3600, 3610)), (1, (3610, 3620)), (1, (3610, 3620)), (9, (3615, 3625)),
            (2, (3630, 3640)), (4, (3620, 3630)), (4, (3620, 3630)),
        ] as [(Double, (UInt64, UInt64))] {
            try harness.send(sum(value, times))
        }
        #expect(try harness.scrape().samples("c_total").map(\.value) == [14])
        #expect(dropped(harness) == ["out_of_order": 3, "overlapping_delta": 1])
        #expect(conflicts(harness, "future") == 8)
        // Its clock is set right.
        for (value, times) in [(16.0, (0, 10)), (32, (10, 20)), (100, (10, 20))] as [(Double, (UInt64, UInt64))] {
            try harness.send(sum(value, times))
        }
        #expect(try harness.scrape().samples("c_total").map(\.value) == [62])
    }

    @Test("a clock that ran ahead for a while leaves a stream of deltas where it was before")
    func clockSetRight() throws {
        let harness = PrometheusHarness()
        harness.context.clock.advance(by: .seconds(60))
        for (value, times) in [
            (1.0, (0, 10)), (2, (7200, 7210)), (4, (7210, 7220)), (100, (0, 10)), (8, (10, 20)), (100, (10, 20)),
            (16, (20, 30)),
        ] as [(Double, (UInt64, UInt64))] {
            try harness.send(sum(value, times))
        }
        #expect(try harness.scrape().samples("c_total").map(\.value) == [31])
        #expect(dropped(harness) == ["out_of_order": 2])
    }

    @Test("times ahead of the clock are shown as of when they came, and begin at none")
    func shownFuture() throws {
        let harness = PrometheusHarness {
            $0.sendsTimestamps = true
            $0.showsCreatedTimestamps = true
        }
        try harness.send(sum(1, (3600, 3610)))
        let came = Double(harness.context.clock.wallTime() / second)
        harness.context.clock.advance(by: .seconds(30))
        #expect(try harness.scrape().samples("c_total").map(\.time) == [came])
        #expect(try harness.scrape().samples("c_created").isEmpty)
    }

    @Test("deltas that say no time at all add up: nothing tells one that comes twice")
    func timeless() throws {
        let harness = PrometheusHarness()
        for _ in 0..<2 {
            try harness.send(TestMetric("c", .sum([TestNumberPoint(value: 7, start: 0, time: 0)], .delta)))
        }
        #expect(try harness.scrape().samples("c_total").map(\.value) == [14])
    }

    @Test("sums that may fall add up, or are dropped when that is wanted (conformance 130)")
    func nonMonotonic() throws {
        let dropping = PrometheusHarness { $0.nonMonotonicDeltas = .drop }
        let adding = PrometheusHarness()
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
        "with other bounds count and sum go on, and the buckets that stay; exemplars move to theirs (conformance 132)")
    func bounds() throws {
        let harness = PrometheusHarness()
        let exemplar = TestExemplar(TraceID(high: 1, low: 1), value: 3)
        try harness.send(histogram([2], [1, 1], (0, 10), [exemplar]))
        try harness.send(histogram([2], [1, 1], (10, 20)))
        try harness.send(histogram([2, 4], [5, 6, 7], (20, 30)))
        let buckets = try harness.scrape().samples("h_bucket")
        // Two of four observations were up to 2; where above 2 the others were is not known.
        #expect(buckets.map(\.value) == [7, 13, 22])
        #expect(try harness.scrape().samples("h_sum").map(\.value) == [3])
        #expect(buckets.map { $0.exemplar?.value } == [nil, 3, nil])
        #expect(resets(harness) == ["bounds": 1])
        try harness.send(histogram([2, 4], [1, 1, 1], (30, 40)))
        #expect(try harness.scrape().samples("h_bucket").map(\.value) == [8, 15, 25])
        try harness.send(histogram([4], [1, 0], (40, 50)))
        #expect(try harness.scrape().samples("h_bucket").map(\.value) == [16, 26])
        #expect(resets(harness) == ["bounds": 2])
    }

    /// What is shown of a histogram after deltas with these sums, of two observations each.
    private func shown(_ sums: [Double?], exponential: Bool = false, bounds: [Double] = [1]) throws -> (
        sum: [Double], count: [Double], lost: Double
    ) {
        let harness = PrometheusHarness()
        for (number, sum) in sums.enumerated() {
            let times = (UInt64(number), UInt64(number) + 1)
            if exponential {
                try harness.send(TestExponentialPoint(scale: 0, positive: (0, [2]), sum: sum, times: times), .delta)
            } else {
                // Other bounds take another way.
                let bounds = number % 2 == 0 ? [1] : bounds
                let point = TestHistogramPoint(
                    bounds: bounds, counts: [2] + bounds.map { _ in 0 }, sum: sum, start: start + times.0 * second,
                    time: start + times.1 * second)
                try harness.send(TestMetric("h", .histogram([point], .delta)))
            }
        }
        let text = try harness.scrape(openMetrics: false)
        #expect(harness.context.account.imbalance == nil)
        let openMetrics = try harness.scrape()
        #expect(openMetrics.samples("h_sum").map(\.value) == text.samples("h_sum").map(\.value))
        return (
            text.samples("h_sum").map(\.value), text.samples("h_count").map(\.value),
            conflicts(harness, "histogram_sum")
        )
    }

    @Test("a sum that is no number or does not come is left out of a histogram's sum, and counted; all else goes on")
    func lostSums() throws {
        for (exponential, bounds) in [(false, [1]), (false, [1, 2]), (true, [1])] as [(Bool, [Double])] {
            let shown = { try self.shown($0, exponential: exponential, bounds: bounds) }
            #expect(try shown([1, .nan, 2, 2]) == ([5], [8], 1))
            #expect(try shown([1, .infinity, -.infinity, 2]) == ([3], [8], 2))
            #expect(try shown([1, nil, 2]) == ([3], [6], 1))
            #expect(try shown([1, 1e308, 1e308, 1e308]).lost == 2)
            // The sum begins where it is known first.
            #expect(try shown([.nan, 2, 2]) == ([4], [6], 2))
            #expect(try shown([nil, 2, 2]) == ([4], [6], 1))
            #expect(try shown([nil, nil]) == ([], [4], 0))
        }
    }

    @Test("a counter of deltas never becomes a number that nothing can be added to")
    func infiniteCounter() throws {
        let harness = PrometheusHarness()
        for number in 0..<3 { try harness.send(sum(1e308, (UInt64(number), UInt64(number) + 1))) }
        #expect(try harness.scrape().samples("c_total").map(\.value) == [1e308])
        #expect(dropped(harness) == ["invalid_point": 2])
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
