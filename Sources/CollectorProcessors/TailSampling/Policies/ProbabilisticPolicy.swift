import OTLPWire

/// `probabilistic`: a share of the traces, chosen by the trace id alone, so that every collector chooses the same ones.
///
/// Without `rv` and `th` the choice is that of the OpenTelemetry Collector 0.156: FNV-1a of salt and trace id against
/// the share of 2^64. The hash then is the trace's random value, turned around so that high values are kept, and is
/// written as `rv` beside the `th`. With `rv` or `th`, R ≥ T decides (conformance 200, 223).
struct ProbabilisticPolicy: SamplingPolicy {
    /// The highest hash that is kept; nil keeps none.
    private let highestHash: UInt64?
    /// FNV-1a's state after the salt.
    private let saltedState: UInt64
    /// The threshold for hashes, and for random values from elsewhere.
    private let hashThreshold: SamplingThreshold
    private let threshold: SamplingThreshold

    static let defaultSalt = "default-hash-seed"

    /// - Parameter percentage: 100 and more keep everything.
    init(percentage: Double, salt: String = defaultSalt) {
        saltedState = salt.utf8.reduce(0xcbf2_9ce4_8422_2325) { Self.fnv1a($0, $1) }
        highestHash = Self.share(percentage / 100)
        hashThreshold = highestHash.map { SamplingThreshold(clamping: ~$0 >> 8) } ?? .never
        threshold = percentage >= 100 ? .always : SamplingThreshold(probability: percentage / 100) ?? .never
    }

    func vote(on trace: TraceFeatures) -> Vote {
        if trace.isConsistent {
            return threshold.keeps(randomness: trace.randomness) ? .sampled(threshold) : .notSampled
        }
        guard let highestHash, hash(trace.traceID) <= highestHash else { return .notSampled }
        return .sampled(hashThreshold)
    }

    func derivedRandomness(of trace: TraceFeatures) -> UInt64? {
        trace.isConsistent ? nil : ~hash(trace.traceID) >> 8
    }

    private func hash(_ id: TraceID) -> UInt64 {
        Self.fnv1a(Self.fnv1a(saltedState, bigEndian: id.high), bigEndian: id.low)
    }

    private static func fnv1a(_ state: UInt64, bigEndian half: UInt64) -> UInt64 {
        var state = state
        var rest = half.byteSwapped
        for _ in 0..<8 {
            state = fnv1a(state, UInt8(truncatingIfNeeded: rest))
            rest >>= 8
        }
        return state
    }

    @inline(__always)
    private static func fnv1a(_ state: UInt64, _ byte: UInt8) -> UInt64 {
        (state ^ UInt64(byte)) &* 0x0000_0100_0000_01b3
    }

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
