import CollectorCore
import NIOCore
import OTLPWire

extension TraceIndex {
    /// Adds a kept span, with the tracestate that its trace's decision asks for.
    mutating func append(_ span: SpanEntry, following decision: Decision, _ bytes: Span<UInt8>) {
        var span = span
        if let state = sampledTraceState(span, decision, bytes) {
            span.isEdited = true
            traceStates[span.range.lower] = state
        }
        spans.append(span)
    }

    /// The tracestate that a kept span gets; nil to leave it as it is. An incoming threshold is never lowered, nor
    /// touched when the decision has none (conformance 205, 206), but one that contradicts the span's being here goes in
    /// any case (conformance 209). A tracestate that is none stays (conformance 213).
    private func sampledTraceState(_ span: SpanEntry, _ decision: Decision, _ bytes: Span<UInt8>) -> [UInt8]? {
        let own = decision.threshold > 0 ? SamplingThreshold(clamping: decision.threshold) : nil
        let randomness = decision.writesRandomness ? decision.randomness : nil
        guard !span.traceState.isEmpty else {
            return own.flatMap { TraceState.none.replacing(threshold: $0, randomness: randomness, in: bytes) }
        }
        guard let state = TraceState(bytes, span.traceState) else { return nil }
        let isWrong = decision.forgetsThreshold || state.contradicts(span.traceID)
        let incoming = isWrong ? nil : state.threshold
        if let own, own >= incoming ?? own {
            return state.replacing(threshold: own, randomness: randomness, in: bytes)
        }
        return incoming == state.threshold ? nil : state.replacing(threshold: nil, in: bytes)
    }

    /// Writes what the index names into a body of its own, edits applied, and indexes that.
    func written(_ bytes: Span<UInt8>) -> (body: ByteBuffer, index: TraceIndex) {
        let writer = TraceWriter(self)
        var body = ByteBuffer()
        body.writeWithOutputRawSpan(minimumWritableBytes: writer.size) { span in
            var output = WireWriter(span)
            writer.write(bytes, to: &output)
            span = output.finish()
        }
        return (body, writer.writtenIndex())
    }
}

/// Whether two ranges hold the same bytes.
func areEqual(_ left: Span<UInt8>, _ first: ByteRange, _ right: Span<UInt8>, _ second: ByteRange) -> Bool {
    guard first.count == second.count else { return false }
    for offset in 0..<first.count where left[first.start &+ offset] != right[second.start &+ offset] { return false }
    return true
}
