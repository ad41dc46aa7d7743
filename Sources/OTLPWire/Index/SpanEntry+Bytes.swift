extension SpanEntry {
    /// The entry of one validated Span message, read from its bytes: equal to what validation put into the index, apart
    /// from where the span stands. For spans that were stored alone.
    ///
    /// - Parameter scope: the index of the span's ScopeSpans in the index it becomes part of.
    package init(_ bytes: Span<UInt8>, span range: ByteRange, scope: UInt32) {
        self.init(
            traceID: TraceID(high: 0, low: 0), spanID: 0, startNanoseconds: 0, endNanoseconds: 0, range: range,
            traceState: .empty, scope: scope, flags: 0, kind: 0, statusCode: 0, traceStatePrefix: 0, hasParent: false,
            isEdited: false)
        var fields = FieldCursor(bytes, range)
        while let field = fields.next() {
            switch (field.number, field.value) {
            case (1, .bytes(let id)) where id.count == 16:
                traceID = TraceID(high: loadBigEndian64(bytes, id.start), low: loadBigEndian64(bytes, id.start &+ 8))
            case (2, .bytes(let id)) where id.count == 8: spanID = loadBigEndian64(bytes, id.start)
            case (3, .bytes(let state)):
                traceState = state
                traceStatePrefix = UInt8(truncatingIfNeeded: state.start &- field.range.start)
            case (4, .bytes(let id)): hasParent = id.range.contains { bytes[$0] != 0 }
            case (6, .varint(let value)): kind = UInt8(min(255, value))
            case (7, .fixed64(let time)): startNanoseconds = time
            case (8, .fixed64(let time)): endNanoseconds = time
            case (15, .bytes(let status)): statusCode = Self.statusCode(bytes, status)
            case (16, .fixed32(let value)): flags = value
            default: break
            }
        }
    }

    private static func statusCode(_ bytes: Span<UInt8>, _ status: ByteRange) -> UInt8 {
        var code: UInt8 = 0
        var fields = FieldCursor(bytes, status)
        while let field = fields.next() {
            if field.number == 3, case .varint(let value) = field.value { code = UInt8(min(255, value)) }
        }
        return code
    }
}
