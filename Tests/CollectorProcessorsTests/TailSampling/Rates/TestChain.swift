import CollectorTestKit
import Testing

@testable import CollectorProcessors

/// Policies as they stand in a configuration, asked about one trace after the other.
struct TestChain {
    let chain: PolicyChain
    private var tally: VoteTally
    private(set) var measured: Measurements

    init(_ policies: TestConfig) throws {
        let (config, problems) = TailSamplingFactory().read(["policies": policies])
        try #require(problems.isEmpty)
        var builder = PolicyBuilder()
        chain = PolicyChain(config.policies, stopsAtFirstMatch: false, &builder)
        tally = VoteTally(policies: chain.members.count)
        measured = Measurements(count: chain.slotCount)
    }

    mutating func decide(_ trace: TraceFeatures, at now: UInt64) -> Decision {
        let decision = chain.decide(trace, at: now, &measured, &tally)
        chain.learn(from: trace, at: now)
        return decision
    }

    /// The reasons for the last decision.
    func reasons(_ trace: TraceFeatures) -> [String] { chain.explain(trace, measured).map(\.reason) }
}
