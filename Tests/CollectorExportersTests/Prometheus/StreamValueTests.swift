import CollectorTestKit
import OTLPWire
import Testing

@testable import CollectorExporters

@Suite("prometheus, stream values")
struct StreamValueTests {
    private func summary(_ quantiles: [(Double, Double)]) throws -> SummaryValue {
        let message = ProtobufMessage { point in
            for (quantile, value) in quantiles {
                let entry = ProtobufMessage { entry in
                    entry.double(1, quantile)
                    entry.double(2, value)
                }
                point.bytes(6, entry.bytes)
            }
        }
        let bytes = message.bytes
        let point = SummaryPoint(bytes.span, point: ByteRange(0, bytes.count))
        return try #require(
            SummaryValue(point, bytes.span) { BucketEdges($0, label: "quantile", hasOverflow: false) })
    }

    @Test("quantiles are shown in order, the last of equal ones, and those outside 0 to 1 not at all (conformance 141)")
    func order() throws {
        let value = try summary([
            (0.9, 1), (0.5, 2), (0.9, 3), (2, 4), (.nan, 5), (0, 6), (0.5, 7), (0.9, 8), (-0.0, 9),
        ])
        #expect(value.edges.bounds == [0, 0.5, 0.9])
        #expect(value.values == [9, 7, 8])
    }

    @Test("a hundred thousand quantiles take no more than sorting them", .timeLimit(.minutes(1)))
    func manyQuantiles() throws {
        let value = try summary((0..<100_000).map { (Double($0) / 100_000, Double($0)) })
        #expect(value.values.count == 100_000)
    }

    @Test("counts beyond 64 bits stay at the largest number, and no bucket is above +Inf")
    func saturation() throws {
        let harness = PrometheusHarness()
        func send(_ counts: [UInt64], _ start: UInt64) throws {
            let second: UInt64 = 1_000_000_000
            let point = TestHistogramPoint(
                bounds: [1, 2], counts: counts, start: (1_700_000_000 + start) * second,
                time: (1_700_000_010 + start) * second)
            try harness.send(TestMetric("h", .histogram([point], .delta)))
        }
        try send([.max - 5, 0, 0], 0)
        try send([3, 4, 5], 10)
        try send([6, 7, 8], 20)
        #expect(try harness.scrape().samples("h_bucket").map(\.value) == [0x1p64, 0x1p64, 0x1p64])
        // What a cast to floating point would not show: the exact numbers.
        let text = String(decoding: harness.scrapeText(), as: UTF8.self)
        #expect(text.split(separator: "\n").filter { $0.hasSuffix(" 18446744073709551615") }.count == 3)
    }

    @Test("a point whose buckets add up beyond 64 bits is not shown")
    func overflow() throws {
        let harness = PrometheusHarness()
        try harness.send(TestMetric("h", .histogram([TestHistogramPoint(bounds: [1], counts: [.max, 2])])))
        #expect(try harness.scrape().samples("h_bucket").isEmpty)
        #expect(harness.context.account.imbalance == nil)
    }
}
