/// The sub-policies of a policy.
struct PolicyParts: Sendable {
    let names: [String]
    let policies: [any SamplingPolicy]
    let takesAllowance: Bool
    let leavesToChance: Bool
    let measures: Bool
    let hasTarget: Bool
    let learns: Bool

    init(names: [String], policies: [any SamplingPolicy]) {
        self.names = names
        self.policies = policies
        takesAllowance = policies.contains(where: \.takesAllowance)
        leavesToChance = policies.contains(where: \.leavesToChance)
        measures = policies.contains(where: \.measures)
        hasTarget = policies.contains(where: \.hasTarget)
        learns = policies.contains(where: \.learns)
    }

    init(_ configs: [PolicyConfig], _ builder: inout PolicyBuilder) {
        var policies: [any SamplingPolicy] = []
        for config in configs { policies.append(config.settings.makePolicy(&builder)) }
        self.init(names: configs.map(\.name), policies: policies)
    }

    func measure(_ trace: TraceFeatures, at now: UInt64, _ measured: inout Measurements) {
        guard measures else { return }
        for policy in policies where policy.measures { policy.measure(trace, at: now, &measured) }
    }

    /// Sampled when all of them sample; the first that does not decides.
    func voteOfAll(_ trace: TraceFeatures, _ measured: Measurements) -> Vote {
        var all = Vote.sampled
        for policy in policies {
            let vote = policy.vote(on: trace, measured)
            switch vote.answer {
            case .sampled: if vote.dependsOnChance { all.dependsOnChance = true }
            case .notSampled: return vote
            case .dropped, .error: return Vote(answer: .error, dependsOnChance: all.dependsOnChance)
            }
        }
        return all
    }

    /// The same for other random values.
    func prospectOfAll(_ trace: TraceFeatures, _ measured: Measurements, supposing values: SupposedValues) -> Prospect {
        var open: Prospect?
        for policy in policies {
            let prospect = policy.prospect(of: trace, measured, supposing: values)
            switch prospect {
            case .answer(.sampled): continue
            case .answer(.notSampled): return prospect
            case .answer(.dropped), .answer(.error): return open ?? .answer(.error)
            case .open: open = open ?? prospect
            }
        }
        return open ?? .answer(.sampled)
    }

    func letIn(_ trace: TraceFeatures, _ measured: Measurements, at now: UInt64) {
        for policy in policies where policy.takesAllowance { policy.letIn(trace, measured, at: now) }
    }

    func learn(from trace: TraceFeatures, at now: UInt64) {
        for policy in policies where policy.learns { policy.learn(from: trace, at: now) }
    }

    func forget(_ keys: ForgottenKeys) {
        for policy in policies { policy.forget(keys) }
    }

    /// For parts of which all have to sample (`voteOfAll`): a trace that others exclude is no demand.
    func noteDemandAsOne(of trace: TraceFeatures, _ measured: Measurements, at now: UInt64) {
        guard hasTarget else { return }
        // An allowance excludes nothing: it may be used up by traces like this one.
        let excluding = policies.indices.filter { position in
            if policies[position].takesAllowance { return false }
            return rulesOn(position, trace, measured).map { $0 != .sampled } ?? false
        }
        for (position, policy) in policies.enumerated() where policy.hasTarget {
            let isExcluded = excluding.contains { $0 != position }
            if !isExcluded { policy.noteDemand(of: trace, measured, at: now) }
        }
    }

    /// What a part says of traces like this one, whatever the others say; nil when that is left to the usual random
    /// value. Those others that leave it to chance have the same value: so the smallest probability alone counts, or the
    /// largest, and theirs has to be worked out from all traces.
    func rulesOn(_ position: Int, _ trace: TraceFeatures, _ measured: Measurements) -> Vote.Answer? {
        let usual = RandomSource.standard.forTrace(trace)
        let prospect = policies[position].prospect(of: trace, measured, supposing: SupposedValues())
        if case .open(_, usual) = prospect { return nil }
        return policies[position].vote(on: trace, measured).answer
    }

    /// The reasons of all, each with its name.
    func reasons(_ trace: TraceFeatures, _ measured: Measurements) -> String {
        zip(names, policies).map { "\($0): \($1.reason(trace, measured))" }.joined(separator: "; ")
    }
}
