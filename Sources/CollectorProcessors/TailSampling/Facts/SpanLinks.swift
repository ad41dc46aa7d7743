import OTLPWire

/// The traces that a span has links to.
enum SpanLinks {
    /// The number of `Span.links`, and of `Link.trace_id`.
    static let field: UInt32 = 13
    private static let traceIDField: UInt32 = 1
    /// The first links of a span count, as many as SDKs write by default (`OTEL_SPAN_LINK_COUNT_LIMIT`): each costs a look
    /// into a shard.
    private static let limit = 128

    /// Calls `body` with the traces that a span leads to, its own one left out.
    static func forEach(_ bytes: Span<UInt8>, span: ByteRange, of trace: TraceID, _ body: (TraceID) -> Void) {
        var fields = FieldCursor(bytes, span)
        var left = limit
        while left > 0, let link = fields.next() {
            guard link.number == field, case .bytes(let message) = link.value else { continue }
            left -= 1
            guard let id = payload(of: traceIDField, in: message, bytes), id.count == 16 else { continue }
            let target = TraceID(high: loadBigEndian64(bytes, id.start), low: loadBigEndian64(bytes, id.start &+ 8))
            if target != trace { body(target) }
        }
    }
}
