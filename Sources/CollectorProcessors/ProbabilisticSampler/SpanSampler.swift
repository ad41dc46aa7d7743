// The decision about one span, as the OpenTelemetry Collector makes it:
//
//     tracestate, trace id ──▶ randomness R ──┐
//     tracestate, config   ──▶ threshold T  ──┼──▶ R ≥ T? ──▶ kept: tracestate gets T where it is higher than before
//     sampling.priority    ──▶ overrides T  ──┘
//
// What contradicts itself is an error, decided by `fail_closed`.

import CollectorCore
import OTLPWire

/// Where the randomness of a decision came from; the `policy` label of the sampler's counter.
enum SamplingBasis: Int, CaseIterable {
    case traceIDHash, traceIDW3C, samplingRandomness, samplingPriority, missingRandomness

    var label: String {
        switch self {
        case .traceIDHash: "trace_id_hash"
        case .traceIDW3C: "trace_id_w3c"
        case .samplingRandomness: "sampling_randomness"
        case .samplingPriority: "sampling_priority"
        case .missingRandomness: "missing_randomness"
        }
    }
}

/// The outcome for one span.
struct SpanDecision {
    var policy: SamplingBasis
    var isKept: Bool
    /// How the tracestate of a kept span has to change.
    var change = Change.none

    enum Change {
        case none
        /// The threshold to have afterwards, if any, and the random value to add.
        case set(threshold: SamplingThreshold?, randomness: UInt64?)
    }
}

/// Decides about spans. A value: the same span has the same outcome always and everywhere (conformance 203).
struct SpanSampler: Sendable {
    private enum Rule {
        case never
        case hash(seed: UInt32, threshold: SamplingThreshold)
        case proportional(ratio: Double, digits: Int)
        case equalizing(SamplingThreshold)
    }

    /// What is known before `sampling.priority` is looked at.
    private struct Draft {
        var policy: SamplingBasis
        var randomness: UInt64
        var threshold: SamplingThreshold
        /// The threshold that arrived, unless it was found wrong.
        var incoming: SamplingThreshold?
        var canEdit = true
        var mustErase = false
        var addsRandomness = false
    }

    private let rule: Rule
    private let onError: SamplingThreshold

    init(_ config: ProbabilisticSamplerConfig) {
        onError = config.failClosed ? .never : .always
        let ratio = Double(config.percentage) / 100
        // 32-bit multiplication, truncated: part of the recorded behaviour.
        let buckets = UInt64(config.percentage * Float(163.84))
        switch config.mode {
        case .hashSeed where buckets > 0:
            rule = .hash(seed: config.hashSeed, threshold: SamplingThreshold(clamping: (0x4000 - buckets) << 42))
        case .proportional where ratio > 0:
            rule = .proportional(ratio: ratio, digits: config.samplingPrecision)
        case .equalizing:
            let threshold = SamplingThreshold(probability: ratio, digits: config.samplingPrecision)
            rule = threshold.map { .equalizing($0) } ?? .never
        case .hashSeed, .proportional:
            rule = .never
        }
    }

    /// - Parameters:
    ///   - state: the span's tracestate; nil when it is not readable. Such a span is decided about as if it had none,
    ///     and keeps its tracestate (conformance 213).
    ///   - priority: the span's `sampling.priority`, where it says something.
    func decide(_ traceID: TraceID, _ state: TraceState?, priority: SamplingPriority?) -> SpanDecision {
        var draft = draft(traceID, state ?? .none)
        if state == nil { draft.canEdit = false }
        switch priority {
        case .keep:
            draft.policy = .samplingPriority
            draft.threshold = .always
        case .drop:
            return SpanDecision(policy: .samplingPriority, isKept: false)
        case nil:
            break
        }
        guard draft.threshold.keeps(randomness: draft.randomness) else {
            return SpanDecision(policy: draft.policy, isKept: false)
        }
        return SpanDecision(policy: draft.policy, isKept: true, change: change(draft))
    }

    /// Never lowers a threshold (conformance 205) and adds none for a probability of 1 (conformance 206).
    private func change(_ draft: Draft) -> SpanDecision.Change {
        guard draft.canEdit else { return .none }
        var threshold = draft.incoming
        if draft.threshold > threshold ?? .always { threshold = draft.threshold }
        if threshold == draft.incoming, !draft.addsRandomness, !draft.mustErase { return .none }
        return .set(threshold: threshold, randomness: draft.addsRandomness ? draft.randomness : nil)
    }

    private func draft(_ traceID: TraceID, _ state: TraceState) -> Draft {
        switch rule {
        case .never:
            return Draft(policy: .missingRandomness, randomness: 0, threshold: .never, canEdit: false)
        case .hash(let seed, let threshold):
            return hashed(traceID, state, seed, threshold)
        case .proportional(let ratio, let digits):
            return consistent(traceID, state) { incoming in
                SamplingThreshold(probability: (incoming?.probability ?? 1) * ratio, digits: digits) ?? .never
            }
        case .equalizing(let threshold):
            return consistent(traceID, state) { incoming in max(incoming ?? .always, threshold) }
        }
    }

    private func hashed(
        _ traceID: TraceID, _ state: TraceState, _ seed: UInt32, _ threshold: SamplingThreshold
    ) -> Draft {
        if traceID.isZero { return missing() }
        let hash = traceIDHash(traceID, seed: seed)
        let bucket = UInt64(hash & 0x3fff)
        let upper = UInt64(hash >> 18)
        let randomness = (0x3fff - bucket) << 42 | (upper ^ (upper << 10)) << 14 | bucket
        var draft = Draft(policy: .traceIDHash, randomness: randomness, threshold: threshold, addsRandomness: true)
        if state.randomness != nil || state.threshold != nil {
            // Somebody sampled by the standard before: a decision by another randomness would make both wrong.
            draft.threshold = onError
            draft.canEdit = false
        }
        return draft
    }

    private func consistent(
        _ traceID: TraceID, _ state: TraceState, _ threshold: (SamplingThreshold?) -> SamplingThreshold
    ) -> Draft {
        if traceID.isZero, state.randomness == nil { return missing() }
        let randomness = state.randomness ?? traceID.randomness
        let policy = state.randomness == nil ? SamplingBasis.traceIDW3C : .samplingRandomness
        if state.contradicts(traceID) {
            // The span is here although its threshold says it is not: the threshold is wrong (conformance 209).
            return Draft(policy: policy, randomness: randomness, threshold: onError, mustErase: true)
        }
        return Draft(
            policy: policy, randomness: randomness, threshold: threshold(state.threshold), incoming: state.threshold)
    }

    private func missing() -> Draft {
        Draft(policy: .missingRandomness, randomness: 0, threshold: onError, canEdit: false)
    }
}

/// FNV-1a with 32 bits over the seed, little-endian, and the trace id.
private func traceIDHash(_ traceID: TraceID, seed: UInt32) -> UInt32 {
    var hash: UInt32 = 2_166_136_261
    func mix(_ byte: UInt8) { hash = (hash ^ UInt32(byte)) &* 16_777_619 }
    for shift in stride(from: UInt32(0), to: 32, by: 8) { mix(UInt8(truncatingIfNeeded: seed >> shift)) }
    for half in [traceID.high, traceID.low] {
        for shift in stride(from: UInt64(0), to: 64, by: 8) { mix(UInt8(truncatingIfNeeded: half >> (56 - shift))) }
    }
    return hash
}
