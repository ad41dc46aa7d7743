import CollectorCore
import CollectorTestKit
import OTLPWire
import Synchronization
import Testing

@testable import CollectorProcessors

@Suite("tail_sampling: decisions that explain themselves")
struct TailSamplingDecisionsTests {
    private let usual: TestConfig = .list([
        .section(("name", "errors"), ("type", "status_code"), ("status_code", ["status_codes": ["ERROR"]])),
        .section(("name", "slow"), ("type", "latency"), ("latency", ["threshold_ms": 500])),
    ])

    private func error(_ number: UInt64) -> TestSpan { TestSpan(.test(number), statusCode: 2) }

    @Test("Kept and dropped traces alike are remembered with every vote and what was measured")
    func remembers() throws {
        let harness = try TailSamplingHarness(["decision_wait": "1s", "policies": usual])
        try harness.send(error(1))
        try harness.send(TestSpan(.test(2), duration: .milliseconds(412)), TestSpan(.test(2), spanID: 2))
        #expect(harness.context.decisions.decisions(of: .test(1)).isEmpty)
        harness.decideAll()

        let kept = try #require(harness.context.decisions.decisions(of: .test(1)).first)
        #expect(kept.isKept && kept.policy == "errors" && kept.trigger == "timeout" && kept.service == "shop")
        #expect(kept.votes.map(\.answer) == [.sampled, .notSampled])
        #expect(kept.votes.map(\.reason) == ["a span has status ERROR", "latency 10 ms < 500 ms"])
        let dropped = try #require(harness.context.decisions.decisions(of: .test(2)).first)
        #expect(!dropped.isKept && dropped.policy == nil && dropped.spanCount == 2)
        #expect(dropped.votes.map(\.reason) == ["no span has status ERROR", "latency 412 ms < 500 ms"])
        #expect(harness.context.decisions.latest(DecisionFilter(isKept: false), limit: 9).map(\.traceID) == [.test(2)])
        #expect(
            harness.context.decisions.latest(DecisionFilter(policy: "errors"), limit: 9).map(\.traceID) == [.test(1)])
        #expect(harness.context.decisions.latest(DecisionFilter(policy: "slow"), limit: 9).isEmpty)
        #expect(harness.context.decisions.latest(DecisionFilter(service: "other"), limit: 9).isEmpty)
    }

    @Test("Late spans are counted on the decision they follow, and the verdict outlives its record")
    func late() throws {
        let harness = try TailSamplingHarness([
            "decision_wait": "1s", "decision_records": 100, "num_shards": 1, "policies": usual,
        ])
        try harness.send(error(1))
        harness.decideAll()
        try harness.send(TestSpan(.test(1), spanID: 2), TestSpan(.test(1), spanID: 3))
        #expect(harness.context.decisions.decisions(of: .test(1)).first?.lateSpans == 2)
        for number in 10..<300 as Range<UInt64> { try harness.send(TestSpan(.test(number))) }
        harness.decideAll()
        let verdict = try #require(harness.context.decisions.decisions(of: .test(1)).first)
        #expect(verdict.trigger == "cache" && verdict.isKept && verdict.policy == "errors" && verdict.votes.isEmpty)
        #expect(harness.context.decisions.latest(DecisionFilter(), limit: 1000).count == 100)
        // A late span of a trace whose record is gone changes no other one's.
        try harness.send(TestSpan(.test(1), spanID: 4))
        #expect(harness.context.decisions.latest(DecisionFilter(), limit: 1000).allSatisfy { $0.lateSpans == 0 })
    }

    @Test("A shadow votes and counts, but decides nothing")
    func shadow() throws {
        let harness = try TailSamplingHarness([
            "decision_wait": "1s",
            "policies": .list([
                .section(("name", "all"), ("type", "always_sample"), ("shadow", true)),
                .section(
                    ("name", "no"), ("type", "drop"), ("shadow", true),
                    ("drop", ["drop_sub_policy": .list([.section(("name", "a"), ("type", "always_sample"))])])),
                .section(("name", "errors"), ("type", "status_code"), ("status_code", ["status_codes": ["ERROR"]])),
            ]),
        ])
        try harness.send(error(1), TestSpan(.test(2)))
        harness.decideAll()
        #expect(try harness.receivedTraces() == [.test(1)])
        let shadow = ["shadow": "true"]
        #expect(
            harness.metric("count_traces_sampled", shadow.merging(["policy": "all", "decision": "sampled"]) { $1 }) == 2
        )
        #expect(
            harness.metric("count_traces_sampled", shadow.merging(["policy": "no", "decision": "dropped"]) { $1 }) == 2)
        let decision = try #require(harness.context.decisions.decisions(of: .test(2)).first)
        #expect(decision.votes.map(\.isShadow) == [true, true, false])
        #expect(decision.votes.map(\.answer) == [.sampled, .dropped, .notSampled])
    }

    @Test("What a kept trace links to is kept too while it is undecided, as far as the budget goes")
    func linked() throws {
        let harness = try TailSamplingHarness([
            "decision_wait": "10s",
            "policies": .list([
                .section(("name", "errors"), ("type", "status_code"), ("status_code", ["status_codes": ["ERROR"]])),
                .section(("name", "linked"), ("type", "linked"), ("linked", ["budget_per_second": 2])),
            ]),
        ])
        var leading = error(1)
        leading.links = (10..<15 as Range<UInt64>).map { .test($0) } + [.test(999)]
        try harness.send(leading)
        harness.advance(.seconds(1))
        for number in 10..<16 as Range<UInt64> { try harness.send(TestSpan(.test(number))) }
        harness.advance(.seconds(30))
        let kept = try harness.receivedTraces()
        #expect(kept.contains(.test(1)) && !kept.contains(.test(15)))
        #expect(kept.count == 3)
        let reasons = try (10..<16 as Range<UInt64>).map {
            try #require(harness.context.decisions.decisions(of: .test($0)).first?.votes.last?.reason)
        }
        #expect(reasons.count { $0 == "a kept trace links to it" } == 2)
        #expect(reasons.count { $0 == "a kept trace links to it, but the budget is used up" } == 3)
        #expect(reasons.last == "no kept trace had linked to it")
    }

    @Test("span-ingest with a drop policy decides to keep only when the whole trace is there")
    func ingestWithDrop() throws {
        let harness = try TailSamplingHarness([
            "decision_wait": "1s", "sampling_strategy": "span-ingest",
            "policies": .list([
                .section(("name", "errors"), ("type", "status_code"), ("status_code", ["status_codes": ["ERROR"]])),
                .section(
                    ("name", "no-ok"), ("type", "drop"),
                    (
                        "drop",
                        [
                            "drop_sub_policy": .list([
                                .section(
                                    ("name", "ok"), ("type", "status_code"), ("status_code", ["status_codes": ["OK"]]))
                            ])
                        ]
                    )),
            ]),
        ])
        try harness.send(error(1), error(2))
        try harness.send(TestSpan(.test(2), spanID: 2, statusCode: 1))
        #expect(try harness.receivedTraces().isEmpty)
        harness.decideAll()
        #expect(try harness.receivedTraces() == [.test(1)])
    }

    @Test("What a sampler before has written into the tracestate counts, and stays")
    func editedBefore() throws {
        let harness = try TailSamplingHarness(["decision_wait": "1s", "policies": policy("always_sample")])
        var sampler: [(String, TestConfig)] = [("sampling_percentage", 50), ("mode", "proportional")]
        sampler.append(("sampling_precision", 4))
        let (config, problems) = ProbabilisticSamplerFactory().read(.map(sampler))
        #expect(problems.isEmpty)
        let first = try ProbabilisticSamplerFactory().make(
            config, harness.context.context(ComponentID(type: "probabilistic_sampler")), signal: .traces,
            next: harness.processor)
        _ = try first.consume(
            Batch(signal: .traces, requests: tracesRequest((1...64).map { TestSpan(.test(UInt64($0))) })))
        harness.decideAll()
        let spans = try harness.sink.batches.flatMap { try $0.wholeSpans }
        #expect((16...48).contains(spans.count))
        #expect(spans.allSatisfy { $0.traceState == "ot=th:8" })
    }

    @Test("A shadow votes on traces that are dropped, too")
    func shadowOfDropped() throws {
        let harness = try TailSamplingHarness([
            "decision_wait": "1s",
            "policies": .list([
                .section(
                    ("name", "no"), ("type", "drop"),
                    ("drop", ["drop_sub_policy": .list([.section(("name", "a"), ("type", "always_sample"))])])),
                .section(("name", "all"), ("type", "always_sample"), ("shadow", true)),
            ]),
        ])
        try harness.send(TestSpan(.test(1)), TestSpan(.test(2)))
        harness.decideAll()
        #expect(harness.metric("count_traces_sampled", ["shadow": "true", "decision": "sampled"]) == 2)
        #expect(harness.context.decisions.decisions(of: .test(1)).first?.votes.map(\.answer) == [.dropped, .sampled])
    }

    @Test("Decisions are remembered under pressure, for late spans and for explanations", arguments: [2, 8])
    func remembersUnderPressure(_ mebibytes: Int) throws {
        let harness = try TailSamplingHarness([
            "decision_wait": "60s", "max_buffer_mib": .scalar("\(mebibytes)"), "num_shards": 1, "policies": usual,
        ])
        let traces = UInt64(mebibytes * 3000)
        for number in 1...traces {
            try harness.send(TestSpan(.test(number), name: String(repeating: "n", count: 600), statusCode: 2))
        }
        #expect(harness.metric("decisions", ["trigger": "pressure"]) > 100)
        let decided = try harness.receivedTraces().count
        // The newest of those that were decided, without an error of their own.
        let late = UInt64(decided - 200)...UInt64(decided - 1)
        for number in late { try harness.send(TestSpan(.test(number), spanID: 2)) }
        #expect(harness.metric("early_releases_from_cache_decision", ["sampled": "true"]) == 200)
        #expect(harness.metric("decision_records") >= 600)
        #expect(harness.metric("buffer_bytes") <= Double(mebibytes << 20))
    }

    @Test("span-ingest gives no trace a probability that it does not have")
    func ingestWithChance() throws {
        let harness = try TailSamplingHarness([
            "decision_wait": "1s", "sampling_strategy": "span-ingest",
            "policies": .list([
                .section(("name", "some"), ("type", "probabilistic"), ("probabilistic", ["sampling_percentage": 50])),
                .section(("name", "errors"), ("type", "status_code"), ("status_code", ["status_codes": ["ERROR"]])),
            ]),
        ])
        for number in 1...50 as ClosedRange<UInt64> { try harness.send(TestSpan(.test(number))) }
        for number in 1...50 as ClosedRange<UInt64> {
            try harness.send(TestSpan(.test(number), spanID: 2, statusCode: 2))
        }
        harness.decideAll()
        let received = try harness.received()
        #expect(received.count == 100 && received.allSatisfy { $0.traceState.isEmpty })
    }

    @Test("Every decision is announced once to those who observe all of them")
    func announced() throws {
        let harness = try TailSamplingHarness(["decision_wait": "1s", "policies": usual])
        let seen = Mutex<[TraceID]>([])
        harness.context.decisions.observe { decisions in seen.withLock { $0 += decisions.map(\.traceID) } }
        for number in 1...700 as ClosedRange<UInt64> { try harness.send(TestSpan(.test(number))) }
        harness.decideAll()
        let traces = seen.withLock { $0 }
        #expect(traces.count == 700 && Set(traces).count == 700)
    }
}

@Suite("tail_sampling: probabilities of chains")
struct BallotTests {
    private func trace(_ number: UInt64) -> TraceFeatures { TraceFeatures(traceID: .test(number)) }

    private func decide(_ trace: TraceFeatures, _ policies: [any SamplingPolicy], firstMatch: Bool = false) -> Decision
    {
        var tally = VoteTally(policies: policies.count)
        var measured = Measurements(count: 4)
        let members = policies.map { PolicyChain.Member(name: "p", $0) }
        return PolicyChain(members: members, stopsAtFirstMatch: firstMatch).decide(trace, at: 1, &measured, &tally)
    }

    @Test("sample_on_first_match does not give a trace a probability that it does not have")
    func firstMatch() throws {
        let half = ProbabilisticPolicy(percentage: 50)
        let hit = try #require((1...100 as ClosedRange<UInt64>).map(trace).first { decide($0, [half]).isKept })
        let decision = decide(hit, [half, AlwaysSamplePolicy()], firstMatch: true)
        #expect(decision.isKept && decision.policy == 0 && decision.threshold == 0 && !decision.forgetsThreshold)
    }

    @Test("A limit keeps with an unknown probability; it is asked only when nothing else keeps the trace")
    func limits() throws {
        let limit = LinkedPolicy(linkBit: 0, slot: 0, bucket: TokenBucket(perSecond: 1, capacity: 1))
        var linked = trace(1)
        linked.isLinked = true
        #expect(decide(linked, [limit, AlwaysSamplePolicy()]).policy == 1)
        let first = decide(linked, [limit])
        #expect(first.isKept && first.forgetsThreshold && first.threshold == 0)
        // The token that was not taken by the trace that was kept anyway was there; now it is gone.
        #expect(!decide(linked, [limit]).isKept)
    }

    @Test("What chance leaves out is counted right as well")
    func not() throws {
        let parts = PolicyParts(
            names: ["p"], policies: [ProbabilisticPolicy(percentage: 90)])
        var estimate = 0.0
        for number in 1...20_000 as ClosedRange<UInt64> {
            let decision = decide(trace(number), [NotPolicy(parts: parts)])
            guard decision.isKept else { continue }
            let threshold = SamplingThreshold(clamping: decision.threshold)
            try #require(decision.writesRandomness && threshold.keeps(randomness: decision.randomness))
            estimate += 1 / threshold.probability
        }
        // p = 0.1: a deviation of √(20000 · 0.9 / 0.1) = 424.
        #expect(abs(estimate - 20_000) < 4 * 425)
    }

    @Test("Different salts add up: counts stay unbiased within four sigma, and rv is not below th")
    func salts() throws {
        let policies: [any SamplingPolicy] = [
            ProbabilisticPolicy(percentage: 10, salt: "a"), ProbabilisticPolicy(percentage: 3, salt: "b"),
            ProbabilisticPolicy(percentage: 1),
        ]
        let traces = 200_000
        var estimate = 0.0
        var variance = 0.0
        for number in 1...UInt64(traces) {
            let decision = decide(trace(number), policies)
            guard decision.isKept else { continue }
            let threshold = SamplingThreshold(clamping: decision.threshold)
            try #require(decision.writesRandomness && threshold.keeps(randomness: decision.randomness))
            estimate += 1 / threshold.probability
            variance += (1 - threshold.probability) / (threshold.probability * threshold.probability)
        }
        #expect(abs(estimate - Double(traces)) < 4 * variance.squareRoot())
    }
}
