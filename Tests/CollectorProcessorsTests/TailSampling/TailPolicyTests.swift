import CollectorCore
import CollectorTestKit
import OTLPWire
import Testing

@testable import CollectorProcessors

@Suite("tail_sampling: policies")
struct TailPolicyTests {
    /// These policies measure nothing.
    private let none = Measurements(count: 0)

    private func features(_ spans: TestSpan...) throws -> TraceFeatures { try testFeatures(spans) }

    private func decide(_ trace: TraceFeatures, _ policies: any SamplingPolicy..., firstMatch: Bool = false) -> Decision
    {
        var tally = VoteTally(policies: policies.count)
        var measured = Measurements(count: 0)
        let members = policies.enumerated().map { PolicyChain.Member(name: "policy \($0)", $1) }
        let chain = PolicyChain(members: members, stopsAtFirstMatch: firstMatch)
        return chain.decide(trace, at: 0, &measured, &tally)
    }

    /// Drops everything.
    private var dropAll: DropPolicy {
        var builder = PolicyBuilder()
        let section = ConfigReader(.test(.section(("drop_sub_policy", policy("always_sample")))), Diagnostics())
        return DropPolicy(parts: PolicyParts(PolicyConfig.readList("drop_sub_policy", section), &builder))
    }

    @Test("Latency is latest end minus earliest start over all spans, at the threshold sampled (conformance 221)")
    func latency() throws {
        let base: UInt64 = 1_700_000_000_000_000_000
        let early = TestSpan(.test(1), start: base, duration: .milliseconds(10))
        let late = TestSpan(.test(1), spanID: 2, start: base + 490_000_000, duration: .milliseconds(10))
        for trace in [try features(early, late), try features(late, early)] {
            #expect(trace.milliseconds == 500)
            #expect(LatencyPolicy(threshold: 500, upperThreshold: nil).vote(on: trace, none) == .sampled)
            #expect(LatencyPolicy(threshold: 501, upperThreshold: nil).vote(on: trace, none) == .notSampled)
            #expect(LatencyPolicy(threshold: 499, upperThreshold: 500).vote(on: trace, none) == .sampled)
            #expect(LatencyPolicy(threshold: 500, upperThreshold: 900).vote(on: trace, none) == .notSampled)
        }
    }

    @Test("Spans that end before they start last 0 ms, and clocks years apart make long traces, not crashes")
    func hostileTimes() throws {
        let backwards = TestSpan(.test(1), start: 5_000_000_000, duration: .seconds(-4))
        #expect(try features(backwards).milliseconds == 0)
        let ends = try features(
            TestSpan(.test(1), start: 0, duration: .zero), TestSpan(.test(1), start: .max - 1, duration: .zero))
        #expect(ends.milliseconds == (UInt64.max - 1) / 1_000_000)
    }

    @Test("Unknown status codes are no known ones")
    func statusCodes() throws {
        let trace = try features(TestSpan(.test(1), statusCode: 77), TestSpan(.test(1), statusCode: 1))
        #expect(StatusCodePolicy(codes: .error).vote(on: trace, none) == .notSampled)
        #expect(StatusCodePolicy(codes: [.ok, .error]).vote(on: trace, none) == .sampled)
        #expect(StatusCodePolicy(codes: .unset).vote(on: trace, none) == .notSampled)
    }

    @Test("Any drop wins, else any sampling vote (conformance 220)")
    func votes() throws {
        let trace = try features(TestSpan(.test(1)))
        let never = LatencyPolicy(threshold: 1 << 40, upperThreshold: nil)
        #expect(!decide(trace, never).isKept)
        #expect(decide(trace, never, AlwaysSamplePolicy()).policy == 1)
        #expect(!decide(trace, AlwaysSamplePolicy(), dropAll).isKept)
        #expect(!decide(trace, AlwaysSamplePolicy(), dropAll, firstMatch: true).isKept)
    }

    @Test("The smallest threshold wins, and a certain vote leaves none (conformance 206, 210, 228)")
    func thresholds() throws {
        // Kept by 1 % and so by 50 %: the same salt, monotone (conformance 204).
        let small = ProbabilisticPolicy(percentage: 1)
        let half = ProbabilisticPolicy(percentage: 50)
        let trace = try #require(
            try (1...5000 as ClosedRange<UInt64>).lazy.map { try features(TestSpan(.test($0))) }
                .first { small.vote(on: $0, none).answer == .sampled })
        #expect(decide(trace, small).threshold == 0xfd_70a3_d70a_3d70)
        #expect(decide(trace, small, half).threshold == 1 << 55)
        #expect(decide(trace, small).randomness >= 0xfd_70a3_d70a_3d70)
        #expect(decide(trace, small).writesRandomness)
        let certain = decide(trace, small, AlwaysSamplePolicy())
        #expect(certain.threshold == 0 && !certain.writesRandomness)
        #expect(decide(trace, ProbabilisticPolicy(percentage: 100)).threshold == 0)
    }

    @Test("With rv or th, R ≥ T decides, whatever the hash says (conformance 200, 201, 223)")
    func consistent() throws {
        let quarter = ProbabilisticPolicy(percentage: 25)
        for (state, isKept) in [
            ("ot=rv:c0000000000000", true), ("ot=rv:bfffffffffffff", false), ("x=1,ot=rv:ffffffffffffff;th:8", true),
        ] {
            let trace = try features(TestSpan(.test(1)), TestSpan(.test(1), spanID: 2, traceState: state))
            let vote = quarter.vote(on: trace, none)
            #expect(vote.answer == (isKept ? .sampled : .notSampled))
            #expect(vote.dependsOnChance)
            let decision = decide(trace, quarter)
            #expect(decision.threshold == (isKept ? 0xc0 << 48 : 0))
            // The trace's own randomness, which is never changed (conformance 208).
            #expect(decision.randomness == (isKept ? trace.randomness : 0))
        }
        let fromID = TraceID(high: 9, low: 0x11c0_0000_0000_0000)
        #expect(quarter.vote(on: try features(TestSpan(fromID, traceState: "ot=th:8")), none).answer == .sampled)
    }

    @Test("The share kept lies within four sigma, by hash and by random value", arguments: [50.0, 10, 1, 0.1])
    func empiricalRate(percentage: Double) {
        let policy = ProbabilisticPolicy(percentage: percentage)
        let count = 100_000
        let kept = (0..<count).count {
            policy.vote(on: TraceFeatures(traceID: .test(UInt64($0))), none).answer == .sampled
        }
        let p = percentage / 100
        let sigma = (Double(count) * p * (1 - p)).squareRoot()
        #expect(abs(Double(kept) - Double(count) * p) <= 4 * sigma)
    }
}
