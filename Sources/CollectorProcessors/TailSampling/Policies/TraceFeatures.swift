import OTLPWire

/// What policies know about a trace: gathered span by span as they arrive, by `note` alone, so that deciding looks at
/// no span again, and whoever has the spans' bytes gets the same features from them in any order.
struct TraceFeatures: BitwiseCopyable {
    let traceID: TraceID
    private(set) var earliestStart = UInt64.max
    private(set) var latestEnd: UInt64 = 0
    /// The sum of the Span messages' sizes.
    private(set) var byteCount: UInt64 = 0
    private(set) var spanCount: UInt32 = 0
    /// A bit for each status code seen.
    private(set) var statusCodes = StatusCodeSet()
    /// Whether a span without a parent was seen.
    private(set) var hasRoot = false
    /// Whether a span's tracestate has `rv` or `th`: the trace is sampled consistently then.
    private(set) var isConsistent = false
    /// The smallest `rv` seen, all of a trace should be equal; `unknown` when there is none.
    private var explicitRandomness = Self.unknown

    private static let unknown = UInt64.max

    init(traceID: TraceID) {
        self.traceID = traceID
    }

    /// Takes a span into account.
    /// - Parameter bytes: those that `span` was indexed on.
    @inline(__always)
    mutating func note(_ span: SpanEntry, _ bytes: Span<UInt8>) {
        earliestStart = min(earliestStart, span.startNanoseconds)
        latestEnd = max(latestEnd, span.endNanoseconds)
        byteCount &+= UInt64(span.range.count)
        spanCount = spanCount == .max ? .max : spanCount &+ 1
        statusCodes.insert(span.statusCode)
        if !span.hasParent { hasRoot = true }
        if !span.traceState.isEmpty { noteTraceState(bytes, span.traceState) }
    }

    private mutating func noteTraceState(_ bytes: Span<UInt8>, _ range: ByteRange) {
        guard let state = TraceState(bytes, range) else { return }
        if let randomness = state.randomness { explicitRandomness = min(explicitRandomness, randomness) }
        if state.randomness != nil || state.threshold != nil { isConsistent = true }
    }

    /// Latest end minus earliest start in whole milliseconds; 0 when every span ends before it starts.
    var milliseconds: UInt64 {
        latestEnd > earliestStart ? (latestEnd &- earliestStart) / 1_000_000 : 0
    }

    /// The 56 random bits of the trace: `rv` where a span has it, else the end of the trace id (conformance 201).
    var randomness: UInt64 {
        explicitRandomness == Self.unknown ? traceID.randomness : explicitRandomness
    }
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
