import CollectorCore

/// What the votes on one trace add up to.
struct Ballot {
    private(set) var dropper: Int?
    private var free: Int?
    private var paid: Int?
    /// Whether a policy samples traces like this one always, without any allowance.
    private(set) var isCertain = false
    /// Whether a policy left it to chance to drop the trace.
    private var dropsByChance = false
    private var dependsOnChance = false

    /// Whether no further vote can change the decision.
    func isClosed(_ stopsAtFirstMatch: Bool) -> Bool { stopsAtFirstMatch && (free != nil || paid != nil) }

    /// Whether the trace is decided without any allowance.
    var isFree: Bool { free != nil || dropper != nil }

    /// The policy that has to pay for the trace.
    var payer: Int? { isFree ? nil : paid }

    /// Whether no allowance can change the decision, or how likely it was.
    var isSettled: Bool { isCertain || dropper != nil || payer != nil }

    /// - Parameter decides: whether the vote counts, or only its probability does.
    mutating func cast(_ vote: Vote, by policy: Int, _ member: PolicyChain.Member, decides: Bool) {
        if vote.dependsOnChance {
            dependsOnChance = true
            if member.isDrop { dropsByChance = true }
        }
        switch vote.answer {
        case .dropped: if decides { dropper = policy }
        case .error, .notSampled: return
        case .sampled:
            if !vote.dependsOnChance, !member.takesAllowance { isCertain = true }
            guard decides else { return }
            if member.takesAllowance { paid = paid ?? policy } else { free = free ?? policy }
        }
    }

    /// The decision, without what kept spans' tracestates get.
    var verdict: Decision {
        if let dropper { return Decision(isKept: false, policy: UInt16(clamping: dropper)) }
        guard let policy = free ?? paid else { return .notSampled }
        return Decision(isKept: true, policy: UInt16(clamping: policy))
    }

    /// What has to be worked out to say how likely a trace like this one, which is kept, was to be kept.
    enum Likelihood {
        case certain
        /// It was kept because an allowance had room, which says nothing of others like it.
        case unknown
        /// The share of random values with which it is kept.
        case share
        /// The same, provided that some are kept without any allowance.
        case shareIfCovered
    }

    var likelihood: Likelihood {
        if isCertain, !dropsByChance { return .certain }
        if free != nil { return .share }
        return dependsOnChance ? .shareIfCovered : .unknown
    }
}
