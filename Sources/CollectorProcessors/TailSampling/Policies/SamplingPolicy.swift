/// One policy's say on a trace.
enum Vote: Equatable {
    /// Keep. The threshold is the one of the probability the policy kept the trace with; `always` when it was certain.
    case sampled(SamplingThreshold)
    case notSampled
    /// Drop, whatever the others say.
    case dropped
}

/// A rule that votes on traces from their features.
///
/// A policy's `vote` changes nothing: what a policy spends, such as a rate limiter's tokens, it spends in `letIn`,
/// which is called only for traces that are kept because of its vote.
protocol SamplingPolicy: Sendable {
    func vote(on trace: TraceFeatures) -> Vote

    /// The trace is kept, and this policy is the one that decided it.
    func letIn(_ trace: TraceFeatures)

    /// The `rv` to write on the kept spans of a trace that brings no random value of its own; nil when the policy's
    /// random value is not derived from anything else than the trace id.
    func derivedRandomness(of trace: TraceFeatures) -> UInt64?
}

extension SamplingPolicy {
    func letIn(_ trace: TraceFeatures) {}
    func derivedRandomness(of trace: TraceFeatures) -> UInt64? { nil }
}
