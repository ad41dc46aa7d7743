import CollectorCore
import OTLPWire

/// Where a trace's 56 random bits come from.
struct RandomSource: Equatable, BitwiseCopyable {
    /// FNV-1a's state after the salt; nil when the trace brings its randomness itself.
    private let saltedState: UInt64?

    static let defaultSalt = "default-hash-seed"
    /// The trace's own: `rv`, else the end of its id (conformance 201).
    static let given = RandomSource(saltedState: nil)
    /// What policies without a salt of their own take for traces without `rv` and `th`. One for all of them, so that
    /// what one keeps with a low probability another one keeps with a higher probability too.
    static let standard = RandomSource(salt: defaultSalt)

    private init(saltedState: UInt64?) {
        self.saltedState = saltedState
    }

    init(salt: String) {
        saltedState = salt.utf8.reduce(0xcbf2_9ce4_8422_2325) { Self.fnv1a($0, $1) }
    }

    /// This source, unless the trace is sampled consistently already.
    func forTrace(_ trace: TraceFeatures) -> RandomSource { trace.isConsistent ? .given : self }

    func value(of trace: TraceFeatures) -> UInt64 {
        saltedState == nil ? trace.randomness : ~hash(trace.traceID) >> 8
    }

    /// FNV-1a of salt and trace id, as the OpenTelemetry Collector 0.156 has it.
    func hash(_ id: TraceID) -> UInt64 {
        guard let saltedState else { return 0 }
        return Self.fnv1a(Self.fnv1a(saltedState, bigEndian: id.high), bigEndian: id.low)
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
}
