import CollectorCore
import NIOCore
import OTLPWire

extension TraceIndex {
    /// Adds a kept span, with the tracestate that its trace's decision asks for.
    mutating func append(_ span: SpanEntry, following decision: Decision, _ bytes: Span<UInt8>) {
        var span = span
        if decision.threshold > 0 || decision.forgetsThreshold, let state = sampledTraceState(span, decision, bytes) {
            span.isEdited = true
            traceStates[span.range.lower] = state
        }
        spans.append(span)
    }

    /// The tracestate with the decision's threshold; nil to leave it as it is. An incoming threshold is never lowered,
    /// unless it contradicts the span's being here (conformance 205, 209); a tracestate that is none stays (conformance
    /// 213).
    private func sampledTraceState(_ span: SpanEntry, _ decision: Decision, _ bytes: Span<UInt8>) -> [UInt8]? {
        if decision.forgetsThreshold { return stateWithoutThreshold(span, bytes) }
        let own = SamplingThreshold(clamping: decision.threshold)
        guard !span.traceState.isEmpty else {
            return TraceState.none.replacing(
                threshold: own, randomness: decision.writesRandomness ? decision.randomness : nil, in: bytes)
        }
        guard let state = TraceState(bytes, span.traceState) else { return nil }
        var threshold = own
        if let incoming = state.threshold, incoming > own,
            incoming.keeps(randomness: state.randomness ?? span.traceID.randomness)
        {
            threshold = incoming
        }
        return state.replacing(
            threshold: threshold, randomness: decision.writesRandomness ? decision.randomness : nil, in: bytes)
    }

    /// The tracestate without a threshold, `rv` stays; nil when there is none in it.
    private func stateWithoutThreshold(_ span: SpanEntry, _ bytes: Span<UInt8>) -> [UInt8]? {
        guard !span.traceState.isEmpty, let state = TraceState(bytes, span.traceState), state.threshold != nil else {
            return nil
        }
        return state.replacing(threshold: nil, in: bytes)
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
