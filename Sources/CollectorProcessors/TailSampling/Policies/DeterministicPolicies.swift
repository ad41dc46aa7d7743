/// `always_sample`: every trace.
struct AlwaysSamplePolicy: SamplingPolicy {
    func vote(on trace: TraceFeatures) -> Vote { .sampled(.always) }
}

/// `status_code`: traces with a span of one of these codes.
struct StatusCodePolicy: SamplingPolicy {
    let codes: StatusCodeSet

    func vote(on trace: TraceFeatures) -> Vote {
        trace.statusCodes.isDisjoint(with: codes) ? .notSampled : .sampled(.always)
    }
}

/// `latency`: traces that last at least `threshold` milliseconds; with an upper bound, longer than `threshold` and at
/// most `upperThreshold`. Over the whole trace (conformance 221), so the order of spans does not matter.
struct LatencyPolicy: SamplingPolicy {
    let threshold: UInt64
    let upperThreshold: UInt64?

    func vote(on trace: TraceFeatures) -> Vote {
        let duration = trace.milliseconds
        if let upperThreshold {
            return duration > threshold && duration <= upperThreshold ? .sampled(.always) : .notSampled
        }
        return duration >= threshold ? .sampled(.always) : .notSampled
    }
}
