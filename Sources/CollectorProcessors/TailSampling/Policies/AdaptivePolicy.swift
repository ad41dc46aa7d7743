import CollectorCore
import Synchronization

/// `adaptive`: meets a target of spans or bytes a second, shared between keys so that rare ones survive.
final class AdaptivePolicy: SamplingPolicy {
    private let unit: LimitingPolicy.Unit
    private let key: PolicyKey
    private let slot: Int
    private let rates: Mutex<AdaptiveRates>

    init(_ unit: LimitingPolicy.Unit, _ rule: AdaptiveRates.Rule, key: PolicyKey, slot: Int) {
        self.unit = unit
        self.key = key
        self.slot = slot
        rates = Mutex(AdaptiveRates(rule))
    }

    func measure(_ trace: TraceFeatures, at now: UInt64, _ measured: inout Measurements) {
        let id = key.id(of: trace)
        measured[slot] = rates.withLock { $0.threshold(of: id).value }
    }

    func vote(on trace: TraceFeatures, _ measured: Measurements) -> Vote {
        .chance(SamplingThreshold(clamping: measured[slot]), source(trace), of: trace)
    }

    func prospect(of trace: TraceFeatures, _ measured: Measurements, supposing values: SupposedValues) -> Prospect {
        values.prospect(SamplingThreshold(clamping: measured[slot]), source(trace))
    }

    func reason(_ trace: TraceFeatures, _ measured: Measurements) -> String {
        let threshold = SamplingThreshold(clamping: measured[slot])
        let name = key.name(of: trace)
        if threshold == .always { return "everything of \(name) is sampled" }
        let randomness = source(trace).value(of: trace)
        let sign = threshold.keeps(randomness: randomness) ? "≥" : "<"
        return "randomness \(digits(randomness)) \(sign) threshold \(digits(threshold.value)) of "
            + "\(brief(threshold.probability * 100)) % of \(name)"
    }

    func learn(from trace: TraceFeatures, isCandidate: Bool, at now: UInt64) {
        guard isCandidate else { return }
        rates.withLock { $0.add(key.id(of: trace), cost: unit.cost(of: trace), at: now) }
    }

    var leavesToChance: Bool { true }
    var measures: Bool { true }
    var learns: Bool { true }

    private func source(_ trace: TraceFeatures) -> RandomSource { RandomSource.standard.forTrace(trace) }

    private func digits(_ value: UInt64) -> String { String(decoding: fourteenDigits(value), as: UTF8.self) }
}
