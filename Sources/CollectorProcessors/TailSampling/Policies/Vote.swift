import CollectorCore
import OTLPWire

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
    /// How likely the policy was to sample a trace like this one. A policy that left it to chance says so whichever way
    /// the chance fell.
    var inclusion: Inclusion

    static let sampled = Vote(answer: .sampled, inclusion: .certain)
    static let notSampled = Vote(answer: .notSampled, inclusion: .certain)
    static let dropped = Vote(answer: .dropped, inclusion: .certain)
    static let error = Vote(answer: .error, inclusion: .certain)

    /// Leaves it to chance: sampled iff the trace's random value reaches the threshold (conformance 200).
    static func chance(_ threshold: SamplingThreshold, _ source: RandomSource, of trace: TraceFeatures) -> Vote {
        if threshold == .always { return .sampled }
        if threshold == .never { return .notSampled }
        let isHit = threshold.keeps(randomness: source.value(of: trace))
        return Vote(answer: isHit ? .sampled : .notSampled, inclusion: .chance(threshold, source))
    }
}

/// With what probability a policy samples traces of a kind.
enum Inclusion: Equatable {
    /// All of them, or none, as the vote says.
    case certain
    /// Those whose random value reaches the threshold.
    case chance(SamplingThreshold, RandomSource)
    /// Nobody can say: it depended on what else arrived.
    case unknown
}

/// Where a trace's 56 random bits come from.
struct RandomSource: Equatable, BitwiseCopyable {
    /// FNV-1a's state after the salt; nil when the trace brings its randomness itself.
    private let saltedState: UInt64?
    /// Whether high values are low ones.
    private var isMirrored = false

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

    /// The values turned around, for what is kept when another one is not.
    var mirrored: RandomSource {
        var turned = self
        turned.isMirrored.toggle()
        return turned
    }

    /// This source, unless the trace is sampled consistently already.
    func forTrace(_ trace: TraceFeatures) -> RandomSource { trace.isConsistent ? .given : self }

    func value(of trace: TraceFeatures) -> UInt64 {
        let value = saltedState == nil ? trace.randomness : ~hash(trace.traceID) >> 8
        return isMirrored ? SamplingThreshold.randomValues - 1 - value : value
    }

    /// Whether the value has to be written as `rv` beside a `th`: nobody else could find it.
    var isDerived: Bool { saltedState != nil }

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
