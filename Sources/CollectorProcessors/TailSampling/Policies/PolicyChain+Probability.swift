// What `th` kept spans get: with what probability a trace like this one is kept by all policies together.
//
// A certain vote makes it 1: no `th` is added, whatever others left to chance (conformance 206, 210). Otherwise it is
// the share of random values with which the trace is kept (`KeptShare`): of several policies with one random value the
// smallest threshold (conformance 228), of independent values what is likely to be kept by one or the other.
//
// An allowance (`rate_limiting`, `bytes_limiting`, `composite`, `linked`) has room for a trace or not whatever the
// trace's own random values are; earlier traces have used it up. So while there is room it counts like a condition that
// is met, and while there is none like one that is not:
//
//     rate_limiting and 10 %:    room left: kept for certain, no th, counts 1 ; none left: kept with 10 %, counts 10
//
// Each trace then counts 1 on average, and counts are unbiased. That takes another policy that leaves traces a chance
// when there is no room. Without one, traces that are not let in are counted nowhere: the probability of those that are
// is unknown, they lose their `th` and count as one (conformance 210).

import CollectorCore

extension PolicyChain {
    /// Notes what kept spans' tracestates get.
    func noteProbability(
        of trace: TraceFeatures, _ measured: Measurements, _ ballot: borrowing Ballot, in decision: inout Decision
    ) {
        switch ballot.likelihood {
        case .certain: return
        case .unknown: decision.forgetsThreshold = true
        case .share: share(of: trace, measured, ballot, withAllowances: true).note(in: &decision)
        case .shareIfCovered:
            if share(of: trace, measured, ballot, withAllowances: false).kept == 0 {
                decision.forgetsThreshold = true
            } else {
                share(of: trace, measured, ballot, withAllowances: true).note(in: &decision)
            }
        }
    }

    private func share(
        of trace: TraceFeatures, _ measured: Measurements, _ ballot: borrowing Ballot, withAllowances: Bool
    ) -> KeptShare {
        let isCertain = ballot.isCertain
        return KeptShare(of: trace) { values in
            var open: Prospect?
            for position in order where !members[position].isShadow {
                let member = members[position]
                if isCertain, !member.isDrop { return .answer(.sampled) }
                if member.takesAllowance, !withAllowances { continue }
                switch member.policy.prospect(of: trace, measured, supposing: values) {
                case .answer(.sampled): return .answer(.sampled)
                case .answer(.dropped): return .answer(.dropped)
                case .answer: continue
                case .open(let threshold, let source):
                    // Drops come first, and have to be settled before anything else counts.
                    if member.isDrop { return .open(threshold, source) }
                    open = open ?? .open(threshold, source)
                }
            }
            return open ?? .answer(.notSampled)
        }
    }
}
