import CollectorCore
import OTLPWire

/// The tracestates that spans leave with. A trace's spans mostly come with the same one, so it is made once for each.
struct KeptTraceStates {
    private struct Made {
        let trace: TraceID
        let incoming: ByteRange
        let outgoing: [UInt8]?
    }

    private var latest: [Made?]

    /// - Parameter traces: how many are told apart.
    init(traces: Int) {
        latest = [Made?](repeating: nil, count: traces)
    }

    /// The tracestate for a span of the trace with that number; nil to leave it as it is. All spans must be of the same
    /// `bytes`.
    mutating func traceState(
        of span: SpanEntry, trace: Int, following decision: Decision, _ bytes: Span<UInt8>
    ) -> [UInt8]? {
        if let made = latest[trace], made.trace == span.traceID, areEqual(bytes, made.incoming, bytes, span.traceState)
        {
            return made.outgoing
        }
        let outgoing = sampledTraceState(span, decision, bytes)
        latest[trace] = Made(trace: span.traceID, incoming: span.traceState, outgoing: outgoing)
        return outgoing
    }

    /// The tracestate that a kept span gets; nil to leave it as it is. An incoming threshold is never lowered, nor
    /// touched when the decision has none (conformance 205, 206), but one that contradicts the span's being here goes in
    /// any case (conformance 209). So does, and none is written, where a late span brings an `rv` that the decision did
    /// not know of and would not have kept. A tracestate that is none stays (conformance 213).
    private func sampledTraceState(_ span: SpanEntry, _ decision: Decision, _ bytes: Span<UInt8>) -> [UInt8]? {
        let own = decision.threshold > 0 ? SamplingThreshold(clamping: decision.threshold) : nil
        let randomness = decision.writesRandomness ? decision.randomness : nil
        guard !span.traceState.isEmpty else {
            return own.flatMap { TraceState.none.replacing(threshold: $0, randomness: randomness, in: bytes) }
        }
        guard let state = TraceState(bytes, span.traceState) else { return nil }
        let contradictsOwn = own.map { own in state.randomness.map { !own.keeps(randomness: $0) } ?? false } ?? false
        let isWrong = decision.forgetsThreshold || contradictsOwn || state.contradicts(span.traceID)
        let incoming = isWrong ? nil : state.threshold
        if let own, !contradictsOwn, own >= incoming ?? own {
            return state.replacing(threshold: own, randomness: randomness, in: bytes)
        }
        return incoming == state.threshold ? nil : state.replacing(threshold: nil, in: bytes)
    }
}
