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
        .chance(threshold(trace, measured), source(trace), of: trace)
    }

    func prospect(of trace: TraceFeatures, _ measured: Measurements, supposing values: SupposedValues) -> Prospect {
        values.prospect(threshold(trace, measured), source(trace))
    }

    func reason(_ trace: TraceFeatures, _ measured: Measurements) -> String {
        let share = SamplingThreshold(clamping: measured[slot])
        let name = key.name(of: trace)
        if share == .always { return "everything of \(name) is sampled" }
        let threshold = threshold(trace, measured)
        let randomness = source(trace).value(of: trace)
        let sign = threshold.keeps(randomness: randomness) ? "≥" : "<"
        let incoming = trace.incomingThreshold
        let before = incoming == .always ? "" : ", of which \(brief(incoming.probability * 100)) % came here"
        return "randomness \(digits(randomness)) \(sign) threshold \(digits(threshold.value)) of "
            + "\(brief(share.probability * 100)) % of \(name)\(before)"
    }

    func noteDemand(of trace: TraceFeatures, _ measured: Measurements, at now: UInt64) {
        rates.withLock { $0.add(key.id(of: trace), cost: unit.cost(of: trace), at: now) }
    }

    func forget(_ keys: ForgottenKeys) { rates.withLock { $0.forget(keys.ids[key.place]) } }

    var leavesToChance: Bool { true }
    var measures: Bool { true }
    var hasTarget: Bool { true }

    /// What the trace's random value has to reach for its key to be brought down to its share.
    private func threshold(_ trace: TraceFeatures, _ measured: Measurements) -> SamplingThreshold {
        SamplingThreshold(clamping: measured[slot]).proportional(to: trace)
    }

    private func source(_ trace: TraceFeatures) -> RandomSource { RandomSource.standard.forTrace(trace) }

    private func digits(_ value: UInt64) -> String { String(decoding: fourteenDigits(value), as: UTF8.self) }
}
