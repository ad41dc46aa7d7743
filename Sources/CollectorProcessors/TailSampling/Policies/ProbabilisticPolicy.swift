import CollectorCore
import OTLPWire

/// `probabilistic`: a share of the traces, chosen by the trace id alone, so that every collector chooses the same ones.
struct ProbabilisticSettings: PolicySettings {
    static let type = "probabilistic"

    private let percentage: Double
    private let salt: String

    init(_ section: ConfigReader) {
        let before = section.diagnostics.all.count
        percentage = section.double("sampling_percentage", default: 0, in: 0...Double.greatestFiniteMagnitude)
        if percentage == 0, section.diagnostics.all.count == before {
            section.warning("sampling_percentage", "is 0, which samples no trace at all; 1 is one in a hundred")
        } else {
            section.refuseTooSmall(percentage, "sampling_percentage")
        }
        let salt = section.string("hash_salt", default: "")
        self.salt = salt.isEmpty ? RandomSource.defaultSalt : salt
    }

    func makePolicy(_ builder: inout PolicyBuilder) -> any SamplingPolicy {
        ProbabilisticPolicy(percentage: percentage, salt: salt)
    }
}

/// Without `rv` and `th` the choice is that of the OpenTelemetry Collector 0.156: FNV-1a of salt and trace id against
/// the share of 2^64. The hash then is the trace's random value, turned around so that high values are kept, and is
/// written as `rv` beside the `th`. With `rv` or `th`, R ≥ T decides (conformance 200, 223).
struct ProbabilisticPolicy: SamplingPolicy {
    private let percentage: Double
    private let source: RandomSource
    /// The highest hash that is kept; nil keeps none.
    private let highestHash: UInt64?
    /// The threshold for hashes, and for random values from elsewhere.
    private let hashThreshold: SamplingThreshold
    private let threshold: SamplingThreshold

    /// - Parameter percentage: 100 and more keep everything.
    init(percentage: Double, salt: String = RandomSource.defaultSalt) {
        self.percentage = percentage
        source = RandomSource(salt: salt)
        highestHash = Self.share(percentage / 100)
        hashThreshold = highestHash.map { SamplingThreshold(clamping: ~$0 >> 8) } ?? .never
        threshold = percentage >= 100 ? .always : SamplingThreshold(probability: percentage / 100) ?? .never
    }

    var leavesToChance: Bool { threshold != .always && threshold != .never }

    func vote(on trace: TraceFeatures, _ measured: Measurements) -> Vote {
        if trace.isConsistent || threshold == .always { return .chance(threshold, .given, of: trace) }
        guard let highestHash else { return .notSampled }
        let isHit = source.hash(trace.traceID) <= highestHash
        return Vote(answer: isHit ? .sampled : .notSampled, dependsOnChance: true)
    }

    func prospect(of trace: TraceFeatures, _ measured: Measurements, supposing values: SupposedValues) -> Prospect {
        if trace.isConsistent || threshold == .always { return values.prospect(threshold, .given) }
        return values.prospect(hashThreshold, source)
    }

    func reason(_ trace: TraceFeatures, _ measured: Measurements) -> String {
        if threshold == .always { return "keeps all" }
        if threshold == .never { return "keeps none" }
        let randomness = source.forTrace(trace).value(of: trace)
        let isHit = vote(on: trace, measured).answer == .sampled
        let limit = trace.isConsistent ? threshold : hashThreshold
        return "randomness \(text(randomness)) \(isHit ? "≥" : "<") threshold \(text(limit.value)) of \(percentage) %"
    }

    private func text(_ value: UInt64) -> String { String(decoding: fourteenDigits(value), as: UTF8.self) }

    /// ⌊(2^64 - 1) · ratio⌋ without rounding in between; nil for a ratio of 0.
    private static func share(_ ratio: Double) -> UInt64? {
        guard ratio > 0 else { return nil }
        guard ratio < 1 else { return .max }
        // ratio = significand · 2^-shift exactly, the significand a 53-bit integer.
        let significand = UInt64((ratio.significand * 0x1p52).rounded())
        let shift = UInt64(52 - Int(ratio.exponent))
        let product = UInt64.max.multipliedFullWidth(by: significand)
        if shift >= 128 { return 0 }
        if shift >= 64 { return product.high >> (shift - 64) }
        return product.high << (64 - shift) | product.low >> shift
    }
}

extension ConfigReader {
    /// Reports a percentage above 0 that no threshold can express.
    func refuseTooSmall(_ percentage: Double, _ key: String) {
        guard percentage > 0, percentage / 100 < SamplingThreshold.minimumProbability else { return }
        error(key, "is less than one trace in 2^56, the fewest that can be sampled; must be at least 1.4e-15")
    }
}
