import NIOCore
import OTLPWire

extension TraceIndex {
    /// Adds a kept span, with another tracestate if one is given.
    mutating func append(_ span: SpanEntry, traceState: [UInt8]?) {
        var span = span
        if let traceState {
            span.isEdited = true
            traceStates[span.range.lower] = traceState
        }
        spans.append(span)
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
