import CollectorCore
import Synchronization

/// `error_rate`: all traces of a key, or a share of them, while too many of the key's traces have errors. Those without
/// an error show what an error looks like beside.
struct ErrorRateSettings: PolicySettings {
    static let type = "error_rate"

    private let rule: ErrorShare.Rule
    private let percentage: Double
    private let key: [TraceKeyPart]

    init(_ section: ConfigReader) {
        let threshold = section.double("threshold_percent", default: 1)
        if !(threshold > 0 && threshold < 100) {
            section.error("threshold_percent", "must be more than 0 and less than 100, for example 1")
        }
        percentage = section.double("sampling_percentage", default: 100)
        if !(percentage > 0 && percentage <= 100) {
            section.error("sampling_percentage", "must be more than 0, or nothing is ever kept, and 100 at most")
        } else {
            section.refuseTooSmall(percentage, "sampling_percentage")
        }
        let window = section.duration("window", default: .seconds(60), allowsZero: false)
        let samples = section.integer("min_samples", default: 20, in: 1...1_000_000)
        key = [TraceKeyPart](section)
        rule = ErrorShare.Rule(
            threshold: threshold / 100, window: window.nanoseconds, minimumSamples: samples)
    }

    var needsWholeTrace: Bool { true }

    func makePolicy(_ builder: inout PolicyBuilder) -> any SamplingPolicy {
        ErrorRatePolicy(
            rule, percentage: percentage,
            key: builder.key(
                key, learning: KeyedStates<ErrorShare>.bytesPerKey + ErrorShare.allocatedBytes, for: rule.window),
            shareSlot: builder.slot(), countSlot: builder.slot())
    }
}

final class ErrorRatePolicy: SamplingPolicy {
    private let rule: ErrorShare.Rule
    private let percentage: Double
    private let threshold: SamplingThreshold
    private let key: PolicyKey
    /// The place of the share of errors.
    private let shareSlot: Int
    /// The place of twice the number of traces, and one more in an episode.
    private let countSlot: Int
    private let shares = Mutex(KeyedStates<ErrorShare>())

    init(_ rule: ErrorShare.Rule, percentage: Double, key: PolicyKey, shareSlot: Int, countSlot: Int) {
        self.rule = rule
        self.percentage = percentage
        threshold = SamplingThreshold(probability: percentage / 100, digits: 4) ?? .never
        self.key = key
        self.shareSlot = shareSlot
        self.countSlot = countSlot
    }

    func measure(_ trace: TraceFeatures, at now: UInt64, _ measured: inout Measurements) {
        let id = key.id(of: trace)
        let reading =
            shares.withLock { shares in shares.read(id) { $0.reading(at: now, rule) } } ?? ErrorShare.Reading()
        measured[number: shareSlot] = reading.share
        measured[countSlot] = UInt64(reading.traces) << 1 | (reading.isEpisode ? 1 : 0)
    }

    func vote(on trace: TraceFeatures, _ measured: Measurements) -> Vote {
        guard isEpisode(measured) else { return .notSampled }
        return .chance(threshold.proportional(to: trace), RandomSource.standard.forTrace(trace), of: trace)
    }

    func prospect(of trace: TraceFeatures, _ measured: Measurements, supposing values: SupposedValues) -> Prospect {
        guard isEpisode(measured) else { return .answer(.notSampled) }
        return values.prospect(threshold.proportional(to: trace), RandomSource.standard.forTrace(trace))
    }

    func reason(_ trace: TraceFeatures, _ measured: Measurements) -> String {
        let share = measured[number: shareSlot]
        let name = key.name(of: trace)
        let found = "\(brief(share * 100)) % errors among \(measured[countSlot] >> 1) traces of \(name)"
        let limit = "\(brief(rule.threshold * 100)) %"
        guard isEpisode(measured) else {
            return share > rule.threshold
                ? "\(found): too few to tell, at least \(rule.minimumSamples) are" : "\(found) ≤ \(limit)"
        }
        let state = share > rule.threshold ? "> \(limit)" : "not yet below half of \(limit)"
        return "\(found) \(state): \(brief(percentage)) % sampled"
    }

    func learn(from trace: TraceFeatures, at now: UInt64) {
        shares.withLock { shares in
            shares.update(key.id(of: trace), new: ErrorShare()) { share in
                share.add(isError: trace.statusCodes.contains(.error), at: now, rule)
            }
        }
    }

    func forget(_ keys: ForgottenKeys) {
        shares.withLock { $0.forget(keys.ids[key.place], leaving: ErrorShare()) }
    }

    var leavesToChance: Bool { threshold != .always && threshold != .never }
    var measures: Bool { true }
    var learns: Bool { true }

    private func isEpisode(_ measured: Measurements) -> Bool { measured[countSlot] & 1 == 1 }
}
