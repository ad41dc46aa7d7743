import CollectorCore
import Synchronization

/// `latency_percentile`: traces slower than the running percentile of their own key, learned from all traces.
struct LatencyPercentileSettings: PolicySettings {
    static let type = "latency_percentile"

    private let rule: LatencyPercentilePolicy.Rule
    private let key: [TraceKeyPart]

    /// More samples than this no percentile needs.
    private static let mostSamples = 1_000_000

    init(_ section: ConfigReader) {
        let percentile = section.double("percentile", default: 99)
        if !(percentile > 0 && percentile < 100) {
            section.error("percentile", "must be more than 0 and less than 100, for example 99")
        }
        key = [TraceKeyPart](section)
        let window = section.duration("window", default: .seconds(300), allowsZero: false)
        let samples = section.integer("min_samples", default: 200, in: 1...Self.mostSamples)
        rule = LatencyPercentilePolicy.Rule(
            percentile: percentile, window: window.nanoseconds, minimumSamples: samples)
    }

    var needsWholeTrace: Bool { true }

    func makePolicy(_ builder: inout PolicyBuilder) -> any SamplingPolicy {
        LatencyPercentilePolicy(
            rule,
            key: builder.key(
                key, learning: KeyedStates<LatencyHistogram>.bytesPerKey + LatencyHistogram.allocatedBytes,
                for: rule.window),
            slot: builder.slot())
    }
}

final class LatencyPercentilePolicy: SamplingPolicy {
    struct Rule: Sendable {
        var percentile: Double
        /// Nanoseconds.
        var window: UInt64
        var minimumSamples: Int
    }

    private let rule: Rule
    private let key: PolicyKey
    private let slot: Int
    private let histograms = Mutex(KeyedStates<LatencyHistogram>())

    /// Measured for keys that are not known well enough: nothing is slower.
    private static let unknown = UInt64.max

    init(_ rule: Rule, key: PolicyKey, slot: Int) {
        self.rule = rule
        self.key = key
        self.slot = slot
    }

    func measure(_ trace: TraceFeatures, at now: UInt64, _ measured: inout Measurements) {
        let id = key.id(of: trace)
        let threshold = histograms.withLock { histograms in
            histograms.read(id) { $0.threshold(at: now, window: rule.window) }
        }
        measured[slot] = (threshold ?? nil) ?? Self.unknown
    }

    func vote(on trace: TraceFeatures, _ measured: Measurements) -> Vote {
        trace.durationNanoseconds > measured[slot] ? .sampled : .notSampled
    }

    func reason(_ trace: TraceFeatures, _ measured: Measurements) -> String {
        let latency = "latency \(milliseconds(trace.durationNanoseconds)) ms"
        let name = "P\(brief(rule.percentile)) of \(key.name(of: trace))"
        guard measured[slot] != Self.unknown else {
            return "\(latency), \(name) not known from fewer than \(rule.minimumSamples) traces"
        }
        let sign = trace.durationNanoseconds > measured[slot] ? ">" : "≤"
        return "\(latency) \(sign) \(name): \(milliseconds(measured[slot])) ms"
    }

    func learn(from trace: TraceFeatures, at now: UInt64) {
        histograms.withLock { histograms in
            histograms.update(key.id(of: trace), new: LatencyHistogram(now: now)) { histogram in
                histogram.add(
                    trace.durationNanoseconds, at: now, window: rule.window, rank: rule.percentile / 100,
                    minimumSamples: rule.minimumSamples)
            }
        }
    }

    func forget(_ keys: ForgottenKeys) {
        histograms.withLock { $0.forget(keys.ids[key.place], leaving: LatencyHistogram(now: 0)) }
    }

    var measures: Bool { true }
    var learns: Bool { true }

    private func milliseconds(_ nanoseconds: UInt64) -> String { brief(Double(nanoseconds) / 1e6) }
}
