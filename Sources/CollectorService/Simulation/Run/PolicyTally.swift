import CollectorCore

/// Counts decisions by the policy that made them, and votes by the policy that gave them.
struct PolicyTally {
    private var policies: [PolicyResult] = []
    private var positions: [String: Int] = [:]
    private var none = PolicyResult(policy: nil)
    private(set) var triggers: [String: Int] = [:]

    /// Books a decision; returns its `TraceOutcome.decider`.
    mutating func note(_ decision: TraceDecision) -> UInt16 {
        triggers[decision.trigger, default: 0] += 1
        for vote in decision.votes {
            policies[position(of: vote.policy)].note(vote)
        }
        guard let policy = decision.policy else {
            none.note(decision)
            return 1
        }
        let position = position(of: policy)
        policies[position].note(decision)
        return UInt16(clamping: position + 2)
    }

    func policy(_ decider: UInt16) -> String? {
        let position = Int(decider) - 2
        return policies.indices.contains(position) ? policies[position].policy : nil
    }

    /// In the order of the configuration; decisions that no policy made come last.
    var results: [PolicyResult] {
        none.keptTraces + none.droppedTraces > 0 ? policies + [none] : policies
    }

    private mutating func position(of policy: String) -> Int {
        if let known = positions[policy] { return known }
        positions[policy] = policies.count
        policies.append(PolicyResult(policy: policy))
        return policies.count - 1
    }
}
