import CollectorCore
import CollectorTransport
import NIOCore
import OTLPWire

/// `compression` of the OTLP exporters.
enum ExportCompression: String, CaseIterable, Sendable {
    case gzip, none
}

extension Batch {
    /// The request's message in pieces: the segments one after the other, which is how protobuf merges messages. Whole
    /// segments are the very bytes that came in.
    func messagePieces() throws(DeliveryError) -> [ByteBuffer] {
        var pieces: [ByteBuffer] = []
        pieces.reserveCapacity(segments.count)
        for segment in segments where segment.itemCount > 0 { pieces.append(try segment.message()) }
        return pieces
    }

    /// The bytes as the only sender compressed them, when they are still what has to be sent.
    var untouchedGzip: ByteBuffer? {
        guard segments.count == 1, let segment = segments.first else { return nil }
        if case .traces(let index) = segment.index, !index.isWhole { return nil }
        return segment.gzipped
    }
}

extension Segment {
    /// The message of what the index names.
    func message() throws(DeliveryError) -> ByteBuffer {
        guard case .traces(let index) = index, !index.isWhole else { return body }
        let plan = TraceWriter(index)
        var buffer = ByteBuffer()
        var isComplete = false
        let source = body
        buffer.writeWithOutputRawSpan(minimumWritableBytes: plan.size) { output in
            var writer = WireWriter(output)
            plan.write(source.readableBytesUInt8Span, to: &writer)
            isComplete = writer.isComplete && writer.count == plan.size
            output = writer.finish()
        }
        guard isComplete else {
            throw .permanent("the index of a batch does not fit its bytes; this is a mistake of ours", code: .internal)
        }
        return buffer
    }
}
