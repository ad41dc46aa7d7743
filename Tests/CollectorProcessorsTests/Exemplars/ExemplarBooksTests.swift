import CollectorCore
import CollectorTestKit
import OTLPWire
import Testing

/// Of the exemplars that come with points every one is published, withheld for a reason, or waits.
@Suite struct ExemplarBooksTests {
    private static let reasons = ["dropped", "unknown", "filter", "full", "memory", "limit", "duplicate", "superseded"]

    private func accounted(_ fixture: ExemplarsFixture) -> Double {
        Self.reasons.reduce(fixture.counted("published") + fixture.counted("waiting")) {
            $0 + fixture.counted("withheld", reason: $1)
        }
    }

    @Test(arguments: 0..<24 as Range<UInt64>)
    func `whatever becomes of exemplars that came with points, they are counted once`(seed: UInt64) throws {
        let sections: [TestConfig] = [
            [:], ["filter": ["percentile": 50]], ["unknown_traces": "publish"], ["max_candidates": 20],
            ["include": ["metric_name": "other"]], ["max_series": 2],
        ]
        let fixture = try ExemplarsFixture(sections[Int(seed % 6)], decisionWait: .seconds(3))
        var random = SeededGenerator(seed: seed)
        var came = 0
        for step in 0..<300 as Range<UInt64> {
            let trace = TraceID.test(UInt64.random(in: 0..<80, using: &random))
            switch Int.random(in: 0..<5, using: &random) {
            case 0, 1:
                let exemplars = (0..<4).map { _ in
                    TestExemplar(
                        .test(UInt64.random(in: 0..<80, using: &random)),
                        value: Double(Int.random(in: 0...20, using: &random) * 100),
                        time: ExemplarsFixture.epoch + UInt64.random(in: 0...10, using: &random))
                }
                came += exemplars.count
                let bounds = step % 50 == 49 ? [50.0] : [10, 100, 1000]
                let counts = [UInt64](repeating: step, count: bounds.count + 1)
                let route = TestAttributes([(key: "r", value: .int(Int64.random(in: 0..<4, using: &random)))])
                try fixture.point(
                    TestHistogramPoint(
                        attributes: route, bounds: bounds, counts: counts,
                        time: ExemplarsFixture.epoch + step * ExemplarsFixture.second, exemplars: exemplars))
            case 2, 3:
                let verdicts: [TraceVerdict] = [.kept, .kept, .dropped, .lost]
                fixture.decide(trace, verdicts[Int.random(in: 0..<4, using: &random)])
            default:
                fixture.test.clock.advance(by: .milliseconds(Int.random(in: 0...800, using: &random)))
            }
            if step == 200, seed.isMultiple(of: 4) { fixture.scrape.refuse() }
            try #require(accounted(fixture) == Double(came), "seed \(seed), step \(step)")
        }
    }

    @Test func `what no store takes is published when it goes on with a point`() throws {
        let fixture = try ExemplarsFixture()
        fixture.scrape.refuse()
        try fixture.point(sample())
        try fixture.see(TestSpan(.test(1), duration: .milliseconds(50)))
        #expect(fixture.counted("published") == 0)
        #expect(try fixture.point(sample(at: 10)).first?.exemplars.map(\.traceID) == [.test(1)])
        #expect(fixture.counted("published") == 1)
    }

    @Test func `the same exemplar waits once`() throws {
        let fixture = try ExemplarsFixture(decisionWait: .seconds(3))
        let exemplar = TestExemplar(.test(1), value: 50)
        try fixture.point(sample(exemplars: [exemplar, exemplar]))
        try fixture.point(sample(at: 1, exemplars: [exemplar]))
        #expect(fixture.counted("withheld", reason: "duplicate") == 2)
        #expect(fixture.counted("waiting") == 1)
    }
}
