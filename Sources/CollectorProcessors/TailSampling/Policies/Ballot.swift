// What the votes on one trace add up to.
//
// The `th` of kept spans says with what probability a trace like this one is kept, so that counting each span 1/p times
// gives unbiased counts. A certain vote makes p = 1: no `th` is added, whatever others left to chance (conformance 206,
// 210). Policies that leave it to chance by the same random value choose subsets of each other, so the smallest threshold
// says it all (conformance 228). With different random values (another `hash_salt`) the probabilities add up, and the
// random value written beside the `th` is made from the values of all of them:
//
//     0        p₁                p = p₁ + (1-p₁)·p₂                1
//     |--------|-----------------|--------------------------------|     kept by the first policy: its value, scaled to
//      first     only the second    dropped                             [0,p₁); only by the second: its, to [p₁,p)
//
// Votes that depend on an allowance have no known probability. Traces that only such a vote keeps lose their `th`.

import CollectorCore

struct Ballot {
    private struct Chance {
        var threshold: SamplingThreshold
        var source: RandomSource
        var isHit: Bool
    }

    private(set) var dropper: Int?
    private var free: Int?
    private var paid: Int?
    /// Whether traces like this one are always kept.
    private(set) var isCertain = false
    private var hasUnknownDrop = false
    private var chance: Chance?
    private var otherChances: [Chance] = []

    /// Whether no further vote can change the decision.
    func isClosed(_ stopsAtFirstMatch: Bool) -> Bool { stopsAtFirstMatch && (free != nil || paid != nil) }

    /// Whether the trace is decided without any allowance.
    var isFree: Bool { free != nil || dropper != nil }

    /// The policy that has to pay for the trace.
    var payer: Int? { isFree ? nil : paid }

    /// - Parameter decides: whether the vote counts, or only its probability does.
    mutating func cast(_ vote: Vote, by policy: Int, _ member: PolicyChain.Member, decides: Bool) {
        switch vote.answer {
        case .dropped: if decides { dropper = policy }
        case .error: return
        case .notSampled:
            if member.isDrop, vote.inclusion != .certain { hasUnknownDrop = true }
        case .sampled:
            if vote.inclusion == .certain, !member.takesAllowance { isCertain = true }
            guard decides else { break }
            if member.takesAllowance { paid = paid ?? policy } else { free = free ?? policy }
        }
        if !member.isDrop, !member.takesAllowance, case .chance(let threshold, let source) = vote.inclusion {
            note(Chance(threshold: threshold, source: source, isHit: vote.answer == .sampled))
        }
    }

    private mutating func note(_ new: Chance) {
        guard let known = chance else {
            chance = new
            return
        }
        if known.source == new.source {
            chance = Self.better(known, new)
        } else if let position = otherChances.firstIndex(where: { $0.source == new.source }) {
            otherChances[position] = Self.better(otherChances[position], new)
        } else {
            otherChances.append(new)
        }
    }

    /// Of one random value the smaller threshold is hit whenever the other is.
    private static func better(_ left: Chance, _ right: Chance) -> Chance {
        left.threshold <= right.threshold ? left : right
    }

    func decision(_ trace: TraceFeatures) -> Decision {
        if let dropper { return Decision(isKept: false, policy: UInt16(clamping: dropper)) }
        guard let policy = free ?? paid else { return .notSampled }
        var decision = Decision(isKept: true, policy: UInt16(clamping: policy))
        if hasUnknownDrop {
            decision.forgetsThreshold = true
        } else if !isCertain {
            writeChance(trace, &decision)
        }
        return decision
    }

    private func writeChance(_ trace: TraceFeatures, _ decision: inout Decision) {
        guard let chance, chance.isHit || otherChances.contains(where: \.isHit) else {
            decision.forgetsThreshold = true
            return
        }
        if otherChances.isEmpty {
            decision.threshold = chance.threshold.value
            decision.writesRandomness = chance.source.isDerived
            decision.randomness = chance.source.isDerived ? chance.source.value(of: trace) : 0
        } else {
            combine([chance] + otherChances, trace, &decision)
        }
    }

    /// See the picture above.
    private func combine(_ chances: [Chance], _ trace: TraceFeatures, _ decision: inout Decision) {
        var probability = 0.0
        var place: Double?
        for chance in chances {
            let own = chance.threshold.probability
            let drawn = 1 - Double(chance.source.value(of: trace)) / Double(SamplingThreshold.randomValues)
            if place == nil, chance.isHit { place = probability + (1 - probability) * min(drawn, own) }
            probability += (1 - probability) * own
        }
        let threshold = SamplingThreshold(probability: probability) ?? .always
        let randomness = UInt64(max(0, (1 - (place ?? 0)) * Double(SamplingThreshold.randomValues)))
        decision.threshold = threshold.value
        decision.writesRandomness = true
        decision.randomness = min(max(randomness, threshold.value), SamplingThreshold.randomValues - 1)
    }
}
