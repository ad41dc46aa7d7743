import CollectorCore

/// One policy's say on a trace.
struct Vote: Equatable {
    enum Answer: UInt8 {
        /// Keep.
        case sampled
        case notSampled
        /// Drop, whatever the others say.
        case dropped
        /// The policy could not say; the vote does not count.
        case error
    }

    var answer: Answer
    /// Whether the answer might have been another one with other random values.
    var dependsOnChance = false

    static let sampled = Vote(answer: .sampled)
    static let notSampled = Vote(answer: .notSampled)
    static let dropped = Vote(answer: .dropped)
    static let error = Vote(answer: .error)

    /// Leaves it to chance: sampled iff the trace's random value reaches the threshold (conformance 200).
    static func chance(_ threshold: SamplingThreshold, _ source: RandomSource, of trace: TraceFeatures) -> Vote {
        if threshold == .always { return .sampled }
        if threshold == .never { return .notSampled }
        let isHit = threshold.keeps(randomness: source.value(of: trace))
        return Vote(answer: isHit ? .sampled : .notSampled, dependsOnChance: true)
    }
}
