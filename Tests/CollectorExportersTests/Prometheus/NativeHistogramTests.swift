import CollectorTestKit
import OTLPWire
import Testing

@testable import CollectorExporters

@Suite("prometheus, exponential histograms")
struct NativeHistogramTests {
    private func metric(_ harness: PrometheusHarness) throws -> MessageExposition.Metric {
        try #require(try harness.scrapeMessages()["h"]?.metrics.first)
    }

    private func histogram(_ harness: PrometheusHarness) throws -> MessageExposition.Histogram {
        try #require(try metric(harness).histogram)
    }

    @Test("sparse buckets are those of the specification's example (conformance 193, 194)")
    func example() throws {
        let harness = PrometheusHarness()
        try harness.send(
            TestExponentialPoint(
                scale: 2, zeroCount: 3, positive: (3, [10, 0, 0, 20, 5, 2]), negative: (-2, [1]), sum: 9))
        let histogram = try histogram(harness)
        #expect(histogram.schema == 2)
        #expect(histogram.zeroThreshold == 1e-128)
        #expect(histogram.zeroCount == 3)
        #expect(histogram.spans.map(\.offset) == [4, 2] && histogram.spans.map(\.length) == [1, 3])
        #expect(histogram.positive == [4: 10, 7: 20, 8: 5, 9: 2])
        #expect(histogram.negative == [-1: 1])
        #expect(try metric(harness).count == 41)
        #expect(try metric(harness).sum == 9)
        #expect(try metric(harness).created == 1_700_000_000_000_000_000)
    }

    @Test(
        "text formats have a histogram with the +Inf bucket only, as the OpenTelemetry Collector has (conformance 191)")
    func text() throws {
        let harness = PrometheusHarness()
        try harness.send(TestExponentialPoint(scale: 0, positive: (0, [1, 2]), sum: 4))
        for isOpenMetrics in [true, false] {
            let exposition = try harness.scrape(openMetrics: isOpenMetrics)
            #expect(exposition["h"]?.type == "histogram")
            #expect(exposition.samples("h_bucket").map(\.value) == [3])
            #expect(exposition.samples("h_sum").map(\.value) == [4])
        }
    }

    @Test("finer than scale 8 is made coarser without losing an observation (conformance 192, 197)")
    func downscaling() throws {
        let harness = PrometheusHarness()
        try harness.send(TestExponentialPoint(scale: 10, positive: (-5, [1, 2, 3, 4, 5, 6, 7, 8])))
        #expect(try histogram(harness).schema == 8)
        // Indexes -5 to 2 at scale 10 are -2 to 0 at scale 8.
        #expect(try histogram(harness).positive == [-1: 1, 0: 2 + 3 + 4 + 5, 1: 6 + 7 + 8])
    }

    @Test(
        "coarser than scale -4, or without a sum, there is no native histogram, which is counted (conformance 192, 194)"
    )
    func leftOut() throws {
        let harness = PrometheusHarness()
        try harness.send(TestExponentialPoint(scale: -5, positive: (0, [1])))
        try harness.send(TestExponentialPoint(scale: 0, positive: (0, [1]), sum: nil), name: "n")
        try harness.send(TestExponentialPoint(scale: -4, positive: (0, [1])), name: "k")
        #expect(try harness.scrapeMessages().families.map(\.name) == ["target_info", "k"])
        #expect(harness.context.metric("otelcol_exporter_prometheus_conflicts", ["kind": "native_histogram"]) == 2)
        #expect(try harness.scrape(openMetrics: false).samples("h_count").map(\.value) == [1])
        #expect(try harness.scrape(openMetrics: false).samples("n_count").map(\.value) == [1])
    }

    @Test("one without observations is still a native histogram (conformance 195)")
    func empty() throws {
        let harness = PrometheusHarness()
        try harness.send(TestExponentialPoint(scale: 3, positive: (0, [0, 0]), sum: 0))
        #expect(try histogram(harness).spans.map(\.length) == [0])
    }

    @Test(
        "deltas add up at the coarser of their scales; gaps, overlaps and late points as for others (conformance 132)")
    func deltas() throws {
        let harness = PrometheusHarness()
        func send(_ scale: Int32, _ counts: [UInt64], _ times: (UInt64, UInt64), zero: UInt64 = 0) throws {
            try harness.send(
                TestExponentialPoint(scale: scale, zeroCount: zero, positive: (0, counts), sum: 1, times: times), .delta
            )
        }
        try send(1, [1, 2, 4, 8], (0, 10), zero: 1)
        try send(0, [3, 1], (10, 20))
        #expect(try histogram(harness).schema == 0)
        #expect(try histogram(harness).positive == [1: 1 + 2 + 3, 2: 4 + 8 + 1])
        #expect(try histogram(harness).zeroCount == 1)
        try send(2, [1], (20, 30))
        #expect(try histogram(harness).positive == [1: 7, 2: 13])
        #expect(try metric(harness).sum == 3)
        try send(0, [100], (25, 35))
        try send(0, [100], (5, 8))
        #expect(try histogram(harness).positive == [1: 7, 2: 13])
        try send(3, [5], (40, 50))
        // At scale 3 the first bucket is a part of that of scale 0.
        #expect(try histogram(harness).positive == [1: 12, 2: 13])
        #expect(try metric(harness).created == 1_700_000_000_000_000_000)
        let books = harness.context.account.statement()
        #expect(Set(books.dropped.filter { $0.count > 0 }.map(\.reason)) == ["overlapping_delta", "out_of_order"])
        #expect(harness.context.metric("otelcol_exporter_prometheus_delta_gaps", ["state": "seen"]) == 1)
        #expect(harness.context.account.imbalance == nil)
    }

    @Test(
        "however scales and offsets change, every observation stays in the bucket that holds its own", arguments: 0..<40
    )
    func accumulation(seed: UInt64) throws {
        var random = Seeded(state: seed)
        let harness = PrometheusHarness()
        var sent: [(scale: Int, index: Int, count: UInt64)] = []
        for number in 0..<12 {
            let scale = Int.random(in: -4...10, using: &random)
            let offset = Int.random(in: -40...40, using: &random) << max(0, scale)
            let counts = (0..<Int.random(in: 1...20, using: &random)).map { _ in
                UInt64.random(in: 0...3, using: &random)
            }
            for (position, count) in counts.enumerated() { sent.append((scale, offset + position, count)) }
            let times = (UInt64(number), UInt64(number) + 1)
            try harness.send(
                TestExponentialPoint(scale: Int32(scale), positive: (Int32(offset), counts), times: times), .delta)
        }
        let shown = try histogram(harness)
        let schema = Int(try #require(shown.schema))
        #expect(schema <= sent.map(\.scale).min() ?? 0)
        var expected: [Int64: Int64] = [:]
        for (scale, index, count) in sent where count > 0 {
            expected[Int64(index >> (scale - schema)) + 1, default: 0] += Int64(count)
        }
        #expect(shown.positive == expected)
    }

    @Test("thresholds of zero differ: the larger one holds, up to the end of the bucket it cuts")
    func thresholds() throws {
        let harness = PrometheusHarness()
        // Scale 0: bucket -3 is (1/8, 1/4], -2 is (1/4, 1/2], -1 is (1/2, 1].
        try harness.send(
            TestExponentialPoint(scale: 0, zeroCount: 1, positive: (-3, [2, 4, 8]), times: (0, 10)), .delta)
        try harness.send(
            TestExponentialPoint(
                scale: 0, zeroCount: 16, positive: (-1, [32]), negative: (-2, [64]), zeroThreshold: 0.2, times: (10, 20)
            ),
            .delta)
        #expect(try histogram(harness).zeroThreshold == 0.25)
        #expect(try histogram(harness).zeroCount == 1 + 2 + 16)
        #expect(try histogram(harness).positive == [-1: 4, 0: 40])
        #expect(try histogram(harness).negative == [-1: 64])
    }

    @Test("buckets are never more than 320 of a sign, and never too coarse for Prometheus for that reason")
    func width() throws {
        let harness = PrometheusHarness()
        try harness.send(TestExponentialPoint(scale: 8, positive: (-1074 * 256, [1]), times: (0, 10)), .delta)
        try harness.send(TestExponentialPoint(scale: 8, positive: (1023 * 256, [1]), times: (10, 20)), .delta)
        let wide = try histogram(harness)
        #expect(wide.positive.values.sorted() == [1, 1])
        #expect(try #require(wide.schema) >= -4)
        try harness.send(
            TestExponentialPoint(scale: 8, positive: (0, [UInt64](repeating: 1, count: 5000))), name: "w")
        let many = try #require(try harness.scrapeMessages()["w"]?.metrics.first)
        #expect(try #require(many.histogram).positive.count <= 320)
        #expect(many.count == 5000)
    }

    @Test(
        "impossible points are refused and counted",
        arguments: [
            TestExponentialPoint(scale: 0, positive: (0, [5]), count: 4),
            TestExponentialPoint(scale: 0, positive: (0, [.max, 2]), count: .max),
            TestExponentialPoint(scale: 0, positive: (0, [.max])),
            TestExponentialPoint(scale: 0, positive: (1024, [1])),
            TestExponentialPoint(scale: 0, positive: (-1077, [1])),
            TestExponentialPoint(scale: 0, negative: (.max, [1])),
            TestExponentialPoint(scale: .min, positive: (0, [1])),
            TestExponentialPoint(scale: 0, positive: (0, [1]), zeroThreshold: -1),
            TestExponentialPoint(scale: 0, positive: (0, [1]), zeroThreshold: .nan),
        ])
    func impossible(point: TestExponentialPoint) throws {
        let harness = PrometheusHarness()
        try harness.send(point)
        #expect(try harness.scrapeMessages().families.isEmpty)
        #expect(try harness.scrape().families.isEmpty)
        #expect(harness.context.account.statement().dropped.filter { $0.count > 0 }.map(\.reason) == ["invalid_point"])
        #expect(harness.context.account.imbalance == nil)
    }

    @Test("offsets and scales at their ends do no harm when nothing is in the buckets")
    func extremes() throws {
        let harness = PrometheusHarness()
        try harness.send(TestExponentialPoint(scale: .max, positive: (.max, [0, 0]), negative: (.min, [0])))
        #expect(try metric(harness).count == 0)
    }

    @Test("observations that are in no bucket count only when they make the sum no number")
    func uncounted() throws {
        let harness = PrometheusHarness()
        try harness.send(TestExponentialPoint(scale: 0, positive: (0, [1]), sum: 1, count: 3))
        #expect(try metric(harness).count == 1)
        try harness.send(TestExponentialPoint(scale: 0, positive: (0, [1]), sum: .nan, count: 3))
        #expect(try metric(harness).count == 3)
    }

    @Test("exemplars are a list with times, spread over the range; text shows the newest (conformance 159, 196)")
    func exemplars() throws {
        let harness = PrometheusHarness()
        var point = TestExponentialPoint(scale: 0, positive: (0, [1, 1, 1]), times: (0, 10))
        point.exemplars = [(1, 1.5, 5), (2, 3, 4), (3, 1.7, 6)]
        try harness.send(point, .delta)
        point.times = (10, 20)
        point.exemplars = []
        try harness.send(point, .delta)
        // The last one is that of the +Inf bucket, for servers that do not know the list.
        let shown = try metric(harness).exemplars
        #expect(shown.map(\.value) == [1.7, 3, 1.7])
        #expect(shown.first?.labels["span_id"] == "0101010101010101")
        #expect(shown.first?.labels["trace_id"]?.hasSuffix("03") == true)
        #expect(shown.first?.time == (TestExponentialPoint.origin + 6) * 1_000_000_000)
        #expect(try harness.scrape().samples("h_bucket").first?.exemplar?.value == 1.7)
        for number in 0..<40 {
            point.times = (UInt64(20 + number), UInt64(21 + number))
            point.exemplars = [(9, 0x1p-20 * Double(UInt64(1) << number), UInt64(21 + number))]
            try harness.send(point, .delta)
        }
        #expect(try metric(harness).exemplars.count == 21)
    }

    @Test("two services that look the same are summed, at the coarser scale (conformance 120)")
    func merging() throws {
        let harness = PrometheusHarness()
        try harness.send(TestExponentialPoint(scale: 1, positive: (0, [1, 2]), sum: 2), host: "a")
        try harness.send(TestExponentialPoint(scale: 0, positive: (0, [4]), sum: 5), host: "b")
        #expect(try histogram(harness).positive == [1: 7])
        #expect(try metric(harness).sum == 7)
        #expect(harness.context.metric("otelcol_exporter_prometheus_conflicts", ["kind": "series"]) == 1)
    }

    @Test("a point without a value ends the series; so does the expiry (conformance 135, 145)")
    func end() throws {
        let harness = PrometheusHarness()
        try harness.send(TestExponentialPoint(scale: 0, positive: (0, [1])))
        try harness.send(TestExponentialPoint(scale: 0, times: (0, 2), hasNoValue: true))
        #expect(try harness.scrapeMessages().families.isEmpty)
        try harness.send(TestExponentialPoint(scale: 0, positive: (0, [1])))
        harness.context.clock.advance(by: .seconds(301))
        #expect(try harness.scrapeMessages().families.isEmpty)
    }
}
