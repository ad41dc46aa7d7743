import CollectorCore
import CollectorProcessors
import CollectorTestKit
import OTLPWire
import Testing

/// Conformance 165: with a sampler, every trace that a scrape shows was kept.
@Suite struct ExemplarsSafetyTests {
    @Test(arguments: 0..<40 as Range<UInt64>)
    func `whatever order spans, points and verdicts come in, only kept traces are shown`(seed: UInt64) throws {
        let sections: [TestConfig] = [[:], ["filter": ["percentile": 50]], ["promote": ["budget_per_second": 1]]]
        let fixture = try ExemplarsFixture(sections[Int(seed % 3)], decisionWait: .seconds(3))
        var random = SeededGenerator(seed: seed)
        var verdicts: [TraceID: TraceVerdict] = [:]
        for step in 0..<400 as Range<UInt64> {
            let trace = TraceID.test(UInt64.random(in: 0..<60, using: &random))
            switch Int.random(in: 0..<6, using: &random) {
            case 0:
                // Without the sampler that would let them pass: only `promote` looks here.
                let undecided = TestSpan(trace, duration: .milliseconds(Int.random(in: 1...2000, using: &random)))
                fixture.test.verdicts.promotions.preview(try Batch.traces(undecided))
            case 1:
                try fixture.see(TestSpan(trace, duration: .milliseconds(Int.random(in: 1...2000, using: &random))))
            case 2:
                let exemplars = (0..<3).map { _ in
                    let other = TraceID.test(UInt64.random(in: 0..<60, using: &random))
                    return TestExemplar(other, value: Double.random(in: 0...2000, using: &random))
                }
                for point in try fixture.point(sample([step, step, step, step], at: step, exemplars: exemplars)) {
                    for exemplar in point.exemplars { fixture.scrape.show(exemplar.traceID) }
                }
            case 3, 4:
                let isFirst = verdicts[trace] == nil
                let isKept = Bool.random(using: &random) || fixture.test.verdicts.promotions.claims(trace)
                let verdict: TraceVerdict = isFirst ? (isKept ? .kept : .dropped) : .lost
                guard isFirst || verdicts[trace] == .kept else { continue }
                verdicts[trace] = verdict
                fixture.decide(trace, verdict)
            default:
                fixture.test.clock.advance(by: .milliseconds(Int.random(in: 0...800, using: &random)))
            }
            let dangling = fixture.scrape.shown.filter { verdicts[$0] != .kept }
            try #require(dangling.isEmpty, "seed \(seed), step \(step)")
        }
        #expect(!fixture.scrape.offers.isEmpty)
    }

    @Test func `spans, points and verdicts from many threads show only kept traces`() async throws {
        let fixture = try ExemplarsFixture(decisionWait: .seconds(3))
        try fixture.point(sample())
        let count = 2000 as UInt64
        await withTaskGroup { group in
            group.addTask {
                for number in 0..<count { try? fixture.see(TestSpan(.test(number))) }
            }
            group.addTask {
                for number in 0..<count { fixture.decide(.test(number), number % 3 == 0 ? .kept : .dropped) }
            }
            group.addTask {
                for number in stride(from: 0, to: count, by: 3) { fixture.decide(.test(number), .lost) }
            }
            group.addTask {
                for _ in 0..<count { fixture.test.clock.advance(by: .milliseconds(10)) }
            }
        }
        // Every kept trace may have been lost before or after: what is shown must not be dropped or lost now.
        for trace in fixture.scrape.shown { #expect(fixture.test.verdicts.verdict(of: trace) == .kept) }
    }

    @Test(
        arguments: [
            ["include": ["trace_id": false]], ["filter": ["percentile": 101]], ["filter": ["percentil": 99]],
            ["unknown_traces": "drop"], ["max_candidates": 0], ["include": ["match_type": "regexp"]],
            ["include": ["metric_names": ["a(b"], "match_type": "regexp"]],
            ["include": ["metric_name": "a", "match_type": "glob"]],
            ["promote": ["budget_per_second": 0]], ["match": [["span_kind": "server"]]],
            ["match": [["metric_name": "a", "span_kind": "servant"]]], ["match": [["metric_name": "a", "unit": "s"]]],
        ] as [TestConfig])
    func `what cannot be meant is a mistake`(section: TestConfig) {
        #expect(ExemplarsFactory().read(section).problems.count == 1)
    }

    @Test func `a pipeline of logs has no use for it`() throws {
        let factory = ExemplarsFactory()
        #expect(!factory.signals.contains(.logs))
        #expect(throws: ComponentError.self) {
            try factory.make(
                factory.read([:]).config, TestContext().context(ComponentID(type: "exemplars")), signal: .logs,
                next: RecordingConsumer())
        }
    }
}
