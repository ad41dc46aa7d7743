// The final decision (conformance 220): a drop wins over everything, else any sampling vote keeps the trace.
//
// Which policy is said to have kept it: the first one that sampled it without taking from an allowance; only when there
// is none, the first of those that do, and only that one pays. So a rate limiter spends nothing on traces that are kept
// anyway. What `th` kept spans get is worked out in `PolicyChain+Probability.swift`.

import CollectorCore
import NIOCore
import Synchronization

/// What was decided about a trace; also what late spans of the trace need to follow.
struct Decision: BitwiseCopyable {
    var isKept: Bool
    /// Whether `randomness` is written beside the threshold.
    var writesRandomness = false
    /// Whether spans lose the `th` they came with: with what probability this one was kept nobody can say.
    var forgetsThreshold = false
    /// The position of the policy that kept or dropped the trace; `noPolicy` when none did.
    var policy: UInt16 = Self.noPolicy
    /// The threshold to write on kept spans; 0 writes none.
    var threshold: UInt64 = 0
    var randomness: UInt64 = 0

    static let noPolicy = UInt16.max
    static let notSampled = Decision(isKept: false)

    /// Kept although no policy wanted it, for an exemplar to lead to. How likely that was nobody can say.
    static let promoted = Decision(isKept: true, forgetsThreshold: true, policy: promotion)
    private static let promotion = UInt16.max - 1
    static let promotionName = "(promoted for an exemplar)"

    /// The name of the policy that decided, or of what took its place; nil when none did.
    func policyName(_ members: [PolicyChain.Member]) -> String? {
        if policy == Self.promotion { return Self.promotionName }
        return Int(policy) < members.count ? members[Int(policy)].name : nil
    }

    /// What `policy` is in decisions of this name; nil when there is no such policy.
    static func policy(named name: String, _ members: [PolicyChain.Member]) -> UInt16? {
        if name == promotionName { return promotion }
        return members.firstIndex { $0.name == name }.map { UInt16(clamping: $0) }
    }
}

/// The policies of one processor in their order.
struct PolicyChain: Sendable {
    /// A policy, and what the chain needs to know of it at every vote.
    struct Member: Sendable {
        let name: String
        let policy: any SamplingPolicy
        let isShadow: Bool
        let isDrop: Bool
        let takesAllowance: Bool
        let measures: Bool
        let learns: Bool

        init(name: String, _ policy: any SamplingPolicy, isShadow: Bool = false) {
            self.name = name
            self.policy = policy
            self.isShadow = isShadow
            isDrop = policy is DropPolicy
            takesAllowance = policy.takesAllowance
            measures = policy.measures
            learns = policy.learns
        }
    }

    /// Lets one trace at a time be decided, so that two shards do not both see the last token.
    private final class Gate: Sendable {
        let lock = Mutex(())
    }

    let members: [Member]
    /// `sample_on_first_match`.
    let stopsAtFirstMatch: Bool
    /// The number of words in `Measurements`.
    let slotCount: Int
    /// Whether a policy drops traces, which only the whole trace can rule out.
    let drops: Bool
    /// Whether policies leave it to chance beside others: with what probability a trace is kept is known only when the
    /// whole of it is.
    let mixesChance: Bool
    /// The place in `MatchSet` of traces whose links are followed when they are kept; nil without a `linked` policy.
    let linkBit: Int?
    /// Whether traces are held for links. A shadow votes with what is known when others decide: it delays nothing.
    let holdsForLinks: Bool
    /// The order of votes: those that drop come first.
    let order: [Int]
    private let measuring: [Int]
    private let demanding: [Int]
    private let learning: [Int]
    private let gate: Gate?
    /// What policies group traces by.
    private let keys: TraceKeyRegistry

    init(
        members: [Member], stopsAtFirstMatch: Bool, slotCount: Int = 0, keys: TraceKeyRegistry = TraceKeyRegistry()
    ) {
        self.keys = keys
        self.members = members
        self.stopsAtFirstMatch = stopsAtFirstMatch
        self.slotCount = slotCount
        let all = members.indices
        drops = members.contains { $0.isDrop && !$0.isShadow }
        let deciding = members.filter { !$0.isShadow && !$0.isDrop }
        mixesChance = deciding.count > 1 && deciding.contains { $0.policy.leavesToChance }
        linkBit = members.lazy.compactMap { ($0.policy as? LinkedPolicy)?.linkBit }.first
        holdsForLinks = deciding.contains { $0.policy is LinkedPolicy }
        order = all.filter { members[$0].isDrop } + all.filter { !members[$0].isDrop }
        measuring = all.filter { members[$0].measures }
        demanding = all.filter { members[$0].policy.hasTarget }
        learning = all.filter { members[$0].learns }
        gate = members.contains(where: \.takesAllowance) ? Gate() : nil
    }

    init(_ configs: [PolicyConfig], stopsAtFirstMatch: Bool, _ builder: inout PolicyBuilder) {
        var members: [Member] = []
        for config in configs {
            members.append(
                Member(name: config.name, config.settings.makePolicy(&builder), isShadow: config.isShadow))
        }
        self.init(
            members: members, stopsAtFirstMatch: stopsAtFirstMatch, slotCount: builder.slotCount,
            keys: builder.keyRegistry)
    }

    /// - Parameters:
    ///   - measured: gets what the votes depended on beside the trace.
    ///   - tally: counts each policy's votes.
    func decide(
        _ trace: TraceFeatures, at now: UInt64, _ measured: inout Measurements, _ tally: inout VoteTally
    ) -> Decision {
        guard let gate else { return vote(trace, at: now, &measured, &tally) }
        return gate.lock.withLock { _ in vote(trace, at: now, &measured, &tally) }
    }

    /// Whether a link from a kept trace would make a difference: for the decision, or for the `th` of what is kept by chance.
    /// Spends and counts nothing.
    func dependsOnLinks(_ trace: TraceFeatures, at now: UInt64, _ measured: inout Measurements) -> Bool {
        guard holdsForLinks else { return false }
        for position in measuring { members[position].policy.measure(trace, at: now, &measured) }
        var ballot = Ballot()
        for position in order where !members[position].isShadow {
            if ballot.isSettled { return false }
            ballot.cast(
                members[position].policy.vote(on: trace, measured), by: position, members[position], decides: true)
        }
        return !ballot.isSettled
    }

    /// What each policy says to a remembered trace, in the order of the configuration.
    func explain(_ trace: TraceFeatures, _ measured: Measurements) -> [TraceDecision.Vote] {
        zip(members, answers(trace, measured)).map { member, answer in
            guard let answer else {
                return TraceDecision.Vote(
                    policy: member.name, answer: .notAsked, isShadow: member.isShadow,
                    reason: "decided before it was asked")
            }
            return TraceDecision.Vote(
                policy: member.name, answer: answer.reported, isShadow: member.isShadow,
                reason: member.policy.reason(trace, measured), part: member.policy.part(trace, measured))
        }
    }

    /// Whether all of these policies voted to sample a remembered trace, or to drop it.
    func haveVoted(_ positions: [Int], _ trace: TraceFeatures, _ measured: Measurements) -> Bool {
        let answers = answers(trace, measured)
        return positions.allSatisfy { answers[$0]?.reported.isFor == true }
    }

    /// What each policy says to a remembered trace; nil for those that were not asked.
    private func answers(_ trace: TraceFeatures, _ measured: Measurements) -> [Vote.Answer?] {
        var answers: [Vote.Answer?] = Array(repeating: nil, count: members.count)
        var ballot = Ballot()
        for position in order {
            let member = members[position]
            guard member.isShadow || (ballot.dropper == nil && !ballot.isClosed(stopsAtFirstMatch)) else { continue }
            let vote = member.policy.vote(on: trace, measured)
            answers[position] = vote.answer
            if !member.isShadow { ballot.cast(vote, by: position, member, decides: true) }
        }
        return answers
    }

    /// Lets the policies that learn know of a decided trace.
    func learn(from trace: TraceFeatures, at now: UInt64) {
        for position in learning { members[position].policy.learn(from: trace, at: now) }
    }

    /// Gives back what is known of keys that were not seen for a while.
    func forgetIdleKeys(now: UInt64) {
        let forgotten = keys.forgetIdle(now: now)
        if forgotten.isEmpty { return }
        for member in members { member.policy.forget(forgotten) }
    }

    private func vote(
        _ trace: TraceFeatures, at now: UInt64, _ measured: inout Measurements, _ tally: inout VoteTally
    ) -> Decision {
        for position in measuring { members[position].policy.measure(trace, at: now, &measured) }
        let isTimed = tally.startTrace()
        var ballot = Ballot()
        for position in order {
            let isAsked =
                members[position].isShadow || (ballot.dropper == nil && !ballot.isClosed(stopsAtFirstMatch))
            if !isAsked, ballot.isCertain || ballot.dropper != nil { continue }
            let started = isTimed ? NIODeadline.now().uptimeNanoseconds : 0
            let vote = members[position].policy.vote(on: trace, measured)
            if isTimed { tally.time(NIODeadline.now().uptimeNanoseconds &- started, policy: position) }
            if isAsked { tally.count(vote.answer, policy: position) }
            if members[position].isShadow { continue }
            // After the first match the others only tell how likely a trace like this one was to be kept.
            ballot.cast(vote, by: position, members[position], decides: isAsked)
        }
        var decision = ballot.verdict
        if decision.isKept { noteProbability(of: trace, measured, ballot, in: &decision) }
        if let payer = ballot.payer { members[payer].policy.letIn(trace, measured, at: now) }
        for position in members.indices where members[position].isShadow && members[position].takesAllowance {
            // As if it decided: it would have let in what nobody else keeps for nothing.
            if ballot.isFree || members[position].policy.vote(on: trace, measured).answer != .sampled { continue }
            members[position].policy.letIn(trace, measured, at: now)
        }
        // What a policy has dropped the others could not have let in.
        for position in demanding where ballot.dropper == nil || members[position].isDrop {
            members[position].policy.noteDemand(of: trace, measured, at: now)
        }
        return decision
    }
}

extension Vote.Answer {
    fileprivate var reported: TraceDecision.Vote.Answer {
        switch self {
        case .sampled: .sampled
        case .notSampled: .notSampled
        case .dropped: .dropped
        case .error: .error
        }
    }
}
