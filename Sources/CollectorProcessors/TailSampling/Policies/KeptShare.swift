// With what probability a trace like this one is kept, and the `rv` that says so beside the `th`.
//
// What the policies say depends on the trace, which is given, and on its random values: one for each source (`rv` or the
// trace id; a hash for each `hash_salt`), independent of each other and evenly distributed. So the probability is the
// share of all combinations of values with which the trace is kept. It is measured by asking the policies with fewer
// and fewer values left open: wherever the answer depends on a value, both sides of its threshold are looked at.
//
//     p1 or q                        p1 and not p2, one source         ▒ kept
//     0      p₁    p₁+(1-p₁)·q   1   0      p₂         p₁          1
//     |▒▒▒▒▒▒|▒▒▒▒▒|─────────────|   |──────|▒▒▒▒▒▒▒▒▒▒|───────────|
//      p₁ hit only q  neither         p₂ hit  only p₁    neither
//
// The kept parts, laid side by side, are [0, p). Where in it the trace's own values lie is evenly distributed too, and
// is the random value to write beside the threshold of p: so R ≥ T holds for every kept trace, as it must (conformance
// 209), and counting it 1/p times is unbiased (conformance 214). A trace sampled consistently before has a random value
// already, which is never changed (conformance 208): only what keeps the highest values can be written then. Its value is
// one of those that reach its `th`, but the share is still that of all values: so is the probability that `th` stands for.

import CollectorCore

struct KeptShare {
    /// More thresholds than this are not looked at; no sensible configuration has them.
    private static let mostSplits = 250

    /// Of 2^56.
    private(set) var kept: UInt64 = 0
    /// Whether no value gets the trace dropped.
    private var isAll = true
    /// Whether lower values are kept than some that are dropped.
    private var isScattered = false
    /// Where in [0, `kept`) the trace's own values lie.
    private var place: UInt64 = 0
    private var splits = 0
    private let trace: TraceFeatures

    /// - Parameter prospect: what the policies say together if the values are as supposed.
    init(of trace: TraceFeatures, _ prospect: (SupposedValues) -> Prospect) {
        self.trace = trace
        var values = SupposedValues()
        explore(&values, lastSplit: nil, isOwn: true, prospect)
    }

    private var isMeasured: Bool { splits <= Self.mostSplits }

    /// - Parameters:
    ///   - lastSplit: the source whose bounds were drawn last.
    ///   - isOwn: whether the trace's own values are among those supposed.
    private mutating func explore(
        _ values: inout SupposedValues, lastSplit: Int?, isOwn: Bool, _ prospect: (SupposedValues) -> Prospect
    ) {
        switch prospect(values) {
        case .answer(.sampled):
            isScattered = isScattered || !isAll
            let share = values.share
            if isOwn, let lastSplit { place = kept + Self.place(in: values[lastSplit], share) }
            kept += share
        case .answer:
            isAll = false
        case .open(let threshold, let source):
            splits += 1
            guard isMeasured else { return }
            // The higher values first: in one source the parts then come in their order.
            let split = values.place(of: source, trace)
            let whole = values[split]
            let isHit = threshold.keeps(randomness: whole.actual)
            values[split].lower = threshold.value
            explore(&values, lastSplit: split, isOwn: isOwn && isHit, prospect)
            values[split] = whole
            values[split].upper = threshold.value
            explore(&values, lastSplit: split, isOwn: isOwn && !isHit, prospect)
            values[split] = whole
        }
    }

    /// Where between its bounds the trace's value lies, from above, scaled to a share.
    private static func place(in bounds: SupposedValues.Bounds, _ share: UInt64) -> UInt64 {
        let product = (bounds.upper - 1 - bounds.actual).multipliedFullWidth(by: share)
        return bounds.count.dividingFullWidth(product).quotient
    }

    /// Notes what kept spans' tracestates get.
    func note(in decision: inout Decision) {
        guard isMeasured, !(trace.isConsistent && isScattered) else {
            decision.forgetsThreshold = true
            return
        }
        if isAll { return }
        decision.threshold = min(SamplingThreshold.randomValues - kept, SamplingThreshold.randomValues - 1)
        if !trace.isConsistent {
            decision.writesRandomness = true
            decision.randomness = max(SamplingThreshold.randomValues - 1 - place, decision.threshold)
        } else if trace.hasExplicitRandomness {
            // For spans that have not got it.
            decision.writesRandomness = true
            decision.randomness = trace.randomness
        }
    }
}
