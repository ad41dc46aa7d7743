/// The sub-policies of a policy.
struct PolicyParts: Sendable {
    let names: [String]
    let policies: [any SamplingPolicy]
    let takesAllowance: Bool
    let leavesToChance: Bool
    let measures: Bool
    let learns: Bool
    /// The number of words in `Measurements` that the parts need.
    private let slotCount: Int

    init(names: [String], policies: [any SamplingPolicy], slotCount: Int = 0) {
        self.names = names
        self.policies = policies
        takesAllowance = policies.contains(where: \.takesAllowance)
        leavesToChance = policies.contains(where: \.leavesToChance)
        measures = policies.contains(where: \.measures)
        learns = policies.contains(where: \.learns)
        self.slotCount = slotCount
    }

    init(_ configs: [PolicyConfig], _ builder: inout PolicyBuilder) {
        var policies: [any SamplingPolicy] = []
        for config in configs { policies.append(config.settings.makePolicy(&builder)) }
        self.init(names: configs.map(\.name), policies: policies, slotCount: builder.slotCount)
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

    /// For parts that sample each by itself.
    func learn(from trace: TraceFeatures, isCandidate: Bool, at now: UInt64) {
        for policy in policies where policy.learns { policy.learn(from: trace, isCandidate: isCandidate, at: now) }
    }

    /// For parts of which all have to sample (`voteOfAll`): a trace that others exclude is no candidate.
    func learnAsOne(from trace: TraceFeatures, isCandidate: Bool, at now: UInt64) {
        guard learns else { return }
        var measured = Measurements(count: 0)
        if isCandidate, policies.count > 1, measures {
            measured = Measurements(count: slotCount)
            measure(trace, at: now, &measured)
        }
        // The votes before anybody has learned, since learning may change them.
        let excluding = isCandidate && policies.count > 1 ? self.excluding(trace, measured) : []
        for (position, policy) in policies.enumerated() where policy.learns {
            let isExcluded = excluding.contains { $0 != position }
            policy.learn(from: trace, isCandidate: isCandidate && !isExcluded, at: now)
        }
    }

    /// The parts that would not sample the trace, whatever the others say.
    ///
    /// Chance by the usual random value excludes nothing: the others leave it to the same value, so that the smallest
    /// probability alone counts, and theirs has to be worked out from all traces. An allowance does not either: it may
    /// just have been used up for this very trace.
    private func excluding(_ trace: TraceFeatures, _ measured: Measurements) -> [Int] {
        let usual = RandomSource.standard.forTrace(trace)
        return policies.indices.filter { position in
            if policies[position].takesAllowance { return false }
            if policies[position].vote(on: trace, measured).answer == .sampled { return false }
            let prospect = policies[position].prospect(of: trace, measured, supposing: SupposedValues())
            if case .open(_, usual) = prospect { return false }
            return true
        }
    }

    /// The reasons of all, each with its name.
    func reasons(_ trace: TraceFeatures, _ measured: Measurements) -> String {
        zip(names, policies).map { "\($0): \($1.reason(trace, measured))" }.joined(separator: "; ")
    }
}
