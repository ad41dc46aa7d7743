import CollectorCore

/// `latency`: traces that last at least `threshold_ms`; with an upper bound, longer than that and at most
/// `upper_threshold_ms`. Over the whole trace (conformance 221), so the order of spans does not matter.
struct LatencySettings: PolicySettings {
    static let type = "latency"

    private let policy: LatencyPolicy

    init(_ section: ConfigReader) {
        let before = section.diagnostics.all.count
        let threshold = section.integer("threshold_ms", default: 0)
        let upper = section.integer("upper_threshold_ms", default: 0)
        if upper > 0, upper <= threshold {
            section.error(
                "upper_threshold_ms", "must be greater than `threshold_ms` (\(threshold)), or 0 for no upper bound")
        }
        if threshold == 0, upper == 0, section.diagnostics.all.count == before {
            section.warning(
                "threshold_ms", "is 0, which samples every trace; 500 samples those that take half a second or longer")
        }
        policy = LatencyPolicy(threshold: UInt64(threshold), upperThreshold: upper == 0 ? nil : UInt64(upper))
    }

    var needsWholeTrace: Bool { policy.upperThreshold != nil }

    func makePolicy(_ builder: inout PolicyBuilder) -> any SamplingPolicy { policy }
}

struct LatencyPolicy: SamplingPolicy {
    /// Milliseconds.
    let threshold: UInt64
    let upperThreshold: UInt64?

    func vote(on trace: TraceFeatures, _ measured: Measurements) -> Vote {
        let duration = trace.milliseconds
        if let upperThreshold { return duration > threshold && duration <= upperThreshold ? .sampled : .notSampled }
        return duration >= threshold ? .sampled : .notSampled
    }

    func reason(_ trace: TraceFeatures, _ measured: Measurements) -> String {
        let duration = trace.milliseconds
        guard let upperThreshold else {
            return "latency \(duration) ms \(duration >= threshold ? "≥" : "<") \(threshold) ms"
        }
        if duration <= threshold { return "latency \(duration) ms ≤ \(threshold) ms" }
        if duration > upperThreshold { return "latency \(duration) ms > \(upperThreshold) ms" }
        return "latency \(threshold) ms < \(duration) ms ≤ \(upperThreshold) ms"
    }
}
