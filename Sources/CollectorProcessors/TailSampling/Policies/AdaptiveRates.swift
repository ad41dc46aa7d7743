// The probabilities of `adaptive`: what each key demands is measured over an interval, the target is shared between the
// keys by water-filling, and each key is sampled with the probability that brings it down to its share.
//
//     demand │        ██                 The level is where the shaded parts add up to the target. Keys below it are
//            │  ██    ██                 kept whole; a key above it is sampled with level / demand, and never with less
//      level │──▓▓────▓▓────────         than what keeps `floor` traces a second of it.
//            │  ▓▓ ▓▓ ▓▓ ▓▓
//            └──────────────── keys
//
// Demand is a running mean over intervals. A change that chance does not explain is believed at once. An interval ends
// early when more was let in than its due: at the start, when nothing is known yet, in bursts, when new keys appear.
// What was let in is reckoned from the probabilities, not from the random values of the traces: so the probabilities do
// not depend on the traces they decide on, and counts stay unbiased.

import CollectorCore
import Glibc

struct AdaptiveRates: Sendable {
    struct Rule: Sendable {
        /// Spans or bytes a second.
        var target: Double
        /// Traces a second of each key.
        var floor: Double
        /// Nanoseconds.
        var interval: UInt64
    }

    private struct Key {
        var traces: UInt32 = 0
        var cost = 0.0
        /// Per second, as learned from earlier intervals.
        var traceRate = 0.0
        var costRate = 0.0
        var threshold = SamplingThreshold.always
        var probability = 1.0

        /// Learns from an interval, and begins with the next one.
        mutating func learn(seconds: Double, weight: Double, isWhole: Bool) {
            let isBelieved = isSurprise(seconds) && (isWhole || cost > costRate * seconds)
            let weight = isBelieved ? 1 : weight
            traceRate += weight * (Double(traces) / seconds - traceRate)
            costRate += weight * (cost / seconds - costRate)
            if traceRate < AdaptiveRates.leastRate {
                traceRate = 0
                costRate = 0
            }
            traces = 0
            cost = 0
        }

        /// Nil when the key is gone.
        func claim(floor: Double) -> BudgetClaim? {
            guard traceRate > 0, costRate > 0 else { return nil }
            return BudgetClaim(demand: costRate, floor: min(costRate, floor * costRate / traceRate))
        }

        /// Whether the interval differs from what was learned by more than chance would have it.
        private func isSurprise(_ seconds: Double) -> Bool {
            let count = Double(traces)
            let expected = traceRate * seconds
            if abs(count - expected) > max(4 * (expected + 1).squareRoot(), 0.25 * expected) { return true }
            let expectedCost = costRate * seconds
            return count >= 100 && abs(cost - expectedCost) > 0.5 * expectedCost
        }
    }

    /// Part of its target that an interval may let in too much without ending: this, and this many seconds' worth.
    private static let excess = 0.25
    private static let excessSeconds = 0.5
    /// A shorter time tells nothing of rates.
    private static let shortest = 0.1
    /// Traces a second below which a key counts as gone.
    private static let leastRate = 1e-3

    /// What is known of each key takes so much at most.
    static var bytesPerKey: Int { KeyedStates<Key>.bytesPerKey }

    private let rule: Rule
    private var keys = KeyedStates<Key>()
    private var keyCount = 0
    /// How much of the running mean has intervals behind it.
    private var experience = 0.0
    private var startedAt: UInt64?
    private var traces = 0
    /// What the interval has let in, by its probabilities.
    private var letIn = 0.0
    /// What it should, per second: the target, or more when the floors alone are more.
    private var due: Double

    init(_ rule: Rule) {
        self.rule = rule
        due = rule.target
    }

    /// The threshold of a key's traces; all of a key that is new are kept.
    func threshold(of id: TraceKeyID) -> SamplingThreshold { keys.read(id) { $0.threshold } ?? .always }

    /// Takes a decided trace into account.
    /// - Parameter cost: its spans, or bytes.
    mutating func add(_ id: TraceKeyID, cost: Double, at now: UInt64) {
        let start = startedAt ?? now
        startedAt = start
        let elapsed = now > start ? now - start : 0
        if elapsed >= rule.interval { adjust(seconds: Double(elapsed) / 1e9, isWhole: true, now) }
        var probability = 1.0
        var isNew = false
        keys.update(id, new: Key()) { key in
            isNew = key.traces == 0 && key.traceRate == 0
            key.traces &+= 1
            key.cost += cost
            probability = key.probability
        }
        if isNew { keyCount += 1 }
        traces += 1
        letIn += probability * cost
        // Looking at all keys has to be worth it.
        guard elapsed < rule.interval, traces >= max(16, keyCount / 2) else { return }
        let seconds = Double(elapsed) / 1e9
        if letIn > due * ((1 + Self.excess) * seconds + Self.excessSeconds) {
            adjust(seconds: max(seconds, Self.shortest), isWhole: false, now)
        }
    }

    mutating func forget(_ ids: [TraceKeyID]) { keys.forget(ids, leaving: Key()) }

    /// A half, but the first intervals, which have none before them, count as what they are: everything known.
    private mutating func wholeWeight() -> Double {
        experience += 0.5 * (1 - experience)
        return 0.5 / experience
    }

    /// Ends an interval and works out the probabilities of the next one.
    private mutating func adjust(seconds: Double, isWhole: Bool, _ now: UInt64) {
        let weight = isWhole ? wholeWeight() : 1 - exp2(-seconds * 1e9 / Double(rule.interval))
        var claims: [BudgetClaim] = []
        claims.reserveCapacity(keyCount)
        let floor = rule.floor
        keys.updateAll { key in
            key.learn(seconds: seconds, weight: weight, isWhole: isWhole)
            if let claim = key.claim(floor: floor) { claims.append(claim) }
        }
        let level = waterLevel(claims, budget: rule.target)
        due = max(rule.target, claims.reduce(0) { $0 + $1.share(at: level) })
        keys.updateAll { key in
            let share = key.claim(floor: floor).map { $0.share(at: level) / $0.demand } ?? 1
            key.threshold = SamplingThreshold(probability: min(1, share), digits: 4) ?? .never
            key.probability = key.threshold.probability
        }
        keyCount = claims.count
        traces = 0
        letIn = 0
        startedAt = now
    }
}
