import CollectorCore
import OTLPWire

/// How many spans a sampled one stands for: 2^56 / (2^56 - T) (OpenTelemetry specification, "TraceState: Probability
/// Sampling"; conformance 232).
///
/// A sender may say any threshold, and the last one stands for 2^56 spans: that is taken at its word, as the specification
/// has it. What counts add it to therefore ends at 2^63 - 1, the highest that a point can say, instead of overflowing.
struct AdjustedCount: Sendable {
    /// 1 for spans that were not sampled by chance.
    var value: Double
    /// Whether the span says so.
    var isExtrapolated: Bool

    static let one = AdjustedCount(value: 1, isExtrapolated: false)
}

/// Reads adjusted counts and rounds them to whole spans by chance, so that each bucket's expectation is exact: rounding
/// with a carried remainder would favour whichever bucket comes after another.
struct AdjustedCounter: Sendable {
    private var seed: UInt64
    /// The count of the tracestate seen last: those of a request are nearly always alike.
    private var lastState: [UInt8] = []
    private var last = AdjustedCount.one

    init(seed: UInt64) { self.seed = seed }

    /// What the span stands for. A tracestate that is none says nothing.
    mutating func count(_ bytes: Span<UInt8>, _ state: ByteRange) -> AdjustedCount {
        if state.isEmpty { return .one }
        if isLast(bytes, state) { return last }
        lastState = state.range.map { bytes[$0] }
        last = .one
        if let threshold = TraceState(bytes, state)?.threshold, threshold < .never {
            last = AdjustedCount(value: 1 / threshold.probability, isExtrapolated: true)
        }
        return last
    }

    /// A whole number whose expectation is `value`.
    mutating func rounded(_ value: Double) -> UInt64 {
        let whole = value.rounded(.down)
        guard whole < 0x1p62 else { return 1 << 62 }
        let fraction = value - whole
        guard fraction > 0 else { return UInt64(whole) }
        seed &+= 0x9e37_79b9_7f4a_7c15
        let chance = Double(mixed(seed) >> 11) * 0x1p-53
        return UInt64(whole) + (chance < fraction ? 1 : 0)
    }

    private func isLast(_ bytes: Span<UInt8>, _ state: ByteRange) -> Bool {
        guard state.count == lastState.count else { return false }
        for offset in lastState.indices where bytes[state.start &+ offset] != lastState[offset] { return false }
        return true
    }
}
