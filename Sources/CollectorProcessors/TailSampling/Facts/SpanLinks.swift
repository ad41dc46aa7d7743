import OTLPWire

/// The traces that a span has links to.
enum SpanLinks {
    /// The number of `Span.links`, and of `Link.trace_id`.
    static let field: UInt32 = 13
    private static let traceIDField: UInt32 = 1

    static func forEach(_ bytes: Span<UInt8>, span: ByteRange, _ body: (TraceID) -> Void) {
        var fields = FieldCursor(bytes, span)
        while let link = fields.next() {
            guard link.number == field, case .bytes(let message) = link.value,
                let id = payload(of: traceIDField, in: message, bytes), id.count == 16
            else { continue }
            body(TraceID(high: loadBigEndian64(bytes, id.start), low: loadBigEndian64(bytes, id.start &+ 8)))
        }
    }
}
