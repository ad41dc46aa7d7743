// The final decision (conformance 220): a drop wins over everything, else any sampling vote keeps the trace.
//
// Kept spans carry the threshold of the policy that let them in; of several, the lowest counts, since the trace would
// have been kept by that one alone (conformance 228). A certain vote has threshold 0, so what an error policy keeps
// gets no `th` though a 1 % policy chose it too.

/// What was decided about a trace; also what late spans of the trace need to follow.
struct Decision: BitwiseCopyable {
    var isKept: Bool
    /// Whether `randomness` is written beside the threshold.
    var writesRandomness = false
    /// The position of the first policy that sampled or dropped the trace; `noPolicy` when none did.
    var policy: UInt16 = Self.noPolicy
    /// The threshold to write on kept spans; 0 writes none.
    var threshold: UInt64 = 0
    var randomness: UInt64 = 0

    static let noPolicy = UInt16.max
    static let notSampled = Decision(isKept: false)
}

/// The policies of one processor in their order.
struct PolicyChain: Sendable {
    let policies: [any SamplingPolicy]
    /// `sample_on_first_match`.
    let stopsAtFirstMatch: Bool

    /// - Parameter tally: counts each policy's votes.
    func decide(_ trace: TraceFeatures, _ tally: inout VoteTally) -> Decision {
        var decision = Decision.notSampled
        var lowest = SamplingThreshold.never
        var lowestPolicy = 0
        for position in policies.indices {
            let vote = policies[position].vote(on: trace)
            tally.count(vote, policy: position)
            switch vote {
            case .notSampled: continue
            case .dropped: return Decision(isKept: false, policy: UInt16(clamping: position))
            case .sampled(let threshold):
                if !decision.isKept { decision = Decision(isKept: true, policy: UInt16(clamping: position)) }
                if threshold < lowest {
                    lowest = threshold
                    lowestPolicy = position
                }
            }
            if stopsAtFirstMatch { break }
        }
        guard decision.isKept else { return decision }
        policies[Int(decision.policy)].letIn(trace)
        decision.threshold = lowest.value
        if lowest > .always, let randomness = policies[lowestPolicy].derivedRandomness(of: trace) {
            decision.randomness = randomness
            decision.writesRandomness = true
        }
        return decision
    }
}

/// Votes counted since they were last added to the metrics.
struct VoteTally {
    struct Votes {
        var sampled = 0
        var notSampled = 0
        var dropped = 0

        var isEmpty: Bool { sampled | notSampled | dropped == 0 }
    }

    private(set) var votes: [Votes]

    init(policies: Int) {
        votes = Array(repeating: Votes(), count: policies)
    }

    mutating func count(_ vote: Vote, policy: Int) {
        switch vote {
        case .sampled: votes[policy].sampled &+= 1
        case .notSampled: votes[policy].notSampled &+= 1
        case .dropped: votes[policy].dropped &+= 1
        }
    }

    /// Takes the votes out.
    mutating func take() -> [Votes] {
        let taken = votes
        for policy in votes.indices { votes[policy] = Votes() }
        return taken
    }
}
