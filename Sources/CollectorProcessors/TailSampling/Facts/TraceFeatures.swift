import CollectorCore
import OTLPWire

/// What policies know about a trace: gathered span by span as they arrive, by `note` alone, so that deciding looks at
/// no span again, and whoever has the spans' bytes gets the same features from them in any order.
struct TraceFeatures: BitwiseCopyable {
    let traceID: TraceID
    private(set) var earliestStart = UInt64.max
    private(set) var latestEnd: UInt64 = 0
    /// The sum of the Span messages' sizes.
    private(set) var byteCount: UInt64 = 0
    /// The conditions that some span meets.
    private(set) var matches = MatchSet()
    /// The keys of the root span; of several roots, or without one, of the span that started first.
    private(set) var keys = TraceKeys()
    private var keyStart: UInt64 = 0
    private var keySpanID: UInt64 = 0
    private(set) var spanCount: UInt32 = 0
    /// A bit for each status code seen.
    private(set) var statusCodes = StatusCodeSet()
    /// Whether a span without a parent was seen.
    private(set) var hasRoot = false
    private var hasKeys = false
    /// The smallest `th` of all spans, its upper 32 bits.
    private var lowestThreshold = UInt32.max
    /// Whether a span's tracestate has `rv` or `th`: the trace is sampled consistently then.
    private(set) var isConsistent = false
    /// Whether a span's tracestate is none by the specifications; it is forwarded as it is (conformance 213).
    private(set) var hasBrokenTraceState = false
    /// Whether a kept trace has a link to this one.
    var isLinked = false
    /// The smallest `rv` seen, all of a trace should be equal; `unknown` when there is none.
    private var explicitRandomness = Self.unknown

    private static let unknown = UInt64.max
    /// Of a threshold's 56 bits, 32 are more than a probability is worth.
    private static let droppedBits: UInt64 = 24

    init(traceID: TraceID) {
        self.traceID = traceID
    }

    /// Takes a span into account.
    /// - Parameters:
    ///   - bytes: those that `span` was indexed on.
    ///   - keys: the span's keys, should it turn out to be the one that counts.
    @inline(__always)
    mutating func note(_ span: SpanEntry, _ bytes: Span<UInt8>, _ matches: MatchSet, _ keys: TraceKeys) {
        earliestStart = min(earliestStart, span.startNanoseconds)
        latestEnd = max(latestEnd, span.endNanoseconds)
        byteCount &+= UInt64(span.range.count)
        spanCount = spanCount == .max ? .max : spanCount &+ 1
        statusCodes.insert(span.statusCode)
        self.matches.formUnion(matches)
        noteKeys(span, keys)
        if span.traceState.isEmpty { lowestThreshold = 0 } else { noteTraceState(bytes, span.traceState) }
    }

    /// The order of arrival must not matter: equal times are told apart by the span ids, and equal ids by the keys.
    @inline(__always)
    private mutating func noteKeys(_ span: SpanEntry, _ keys: TraceKeys) {
        if span.hasParent, hasRoot { return }
        let isFirstRoot = !span.hasParent && !hasRoot
        if !span.hasParent { hasRoot = true }
        if hasKeys, !isFirstRoot {
            let order = (span.startNanoseconds, span.spanID)
            if order > (keyStart, keySpanID) { return }
            if order == (keyStart, keySpanID), !(keys < self.keys) { return }
        }
        hasKeys = true
        self.keys = keys
        keyStart = span.startNanoseconds
        keySpanID = span.spanID
    }

    private mutating func noteTraceState(_ bytes: Span<UInt8>, _ range: ByteRange) {
        guard let state = TraceState(bytes, range) else {
            hasBrokenTraceState = true
            lowestThreshold = 0
            return
        }
        let threshold = state.contradicts(traceID) ? nil : state.threshold
        lowestThreshold = min(lowestThreshold, UInt32(truncatingIfNeeded: (threshold?.value ?? 0) >> Self.droppedBits))
        if let randomness = state.randomness { explicitRandomness = min(explicitRandomness, randomness) }
        if state.randomness != nil || state.threshold != nil { isConsistent = true }
    }

    /// Latest end minus earliest start; 0 when every span ends before it starts.
    var durationNanoseconds: UInt64 { latestEnd > earliestStart ? latestEnd &- earliestStart : 0 }

    /// The same in whole milliseconds.
    var milliseconds: UInt64 { durationNanoseconds / 1_000_000 }

    /// The 56 random bits of the trace: `rv` where a span has it, else the end of the trace id (conformance 201).
    var randomness: UInt64 {
        hasExplicitRandomness ? explicitRandomness : traceID.randomness
    }

    /// What the trace was sampled with before it came, as a whole: the smallest `th` of its spans, `always` when one has
    /// none, or none that can be trusted. Spans with a larger one are here only if those with a smaller one are: so this
    /// does not depend on the trace's random value, and that is evenly distributed from here upwards.
    var incomingThreshold: SamplingThreshold {
        isConsistent ? SamplingThreshold(clamping: UInt64(lowestThreshold) << Self.droppedBits) : .always
    }

    /// Whether a span has `rv`.
    var hasExplicitRandomness: Bool { explicitRandomness != Self.unknown }
}

/// A set of span status codes. Numbers the standard does not know share one place.
struct StatusCodeSet: OptionSet, BitwiseCopyable {
    var rawValue: UInt8

    init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    static let unset = StatusCodeSet(rawValue: 1)
    static let ok = StatusCodeSet(rawValue: 2)
    static let error = StatusCodeSet(rawValue: 4)

    mutating func insert(_ code: UInt8) {
        rawValue |= 1 &<< min(code, 3)
    }
}
