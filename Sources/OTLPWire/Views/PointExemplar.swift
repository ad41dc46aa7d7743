/// One Exemplar message of a data point, as a view.
package struct PointExemplar: Sendable {
    package static let attributesField: UInt32 = 7

    package var timeNanoseconds: UInt64 = 0
    package var value = PointValue.none
    /// Zero when absent or not 16 bytes long.
    package var traceID = TraceID(high: 0, low: 0)
    /// Zero when absent or not 8 bytes long.
    package var spanID: UInt64 = 0
    /// The message, whose attributes an `AttributeCursor` walks.
    package let range: ByteRange

    package init(_ bytes: Span<UInt8>, exemplar: ByteRange) {
        range = exemplar
        var fields = FieldCursor(bytes, exemplar)
        while let field = fields.next() {
            switch field.number {
            case 2: timeNanoseconds = field.scalar
            case 3: value = .double(Double(bitPattern: field.scalar))
            case 4 where field.payload.count == 8: spanID = loadBigEndian64(bytes, field.payload.start)
            case 5 where field.payload.count == 16:
                traceID = TraceID(
                    high: loadBigEndian64(bytes, field.payload.start),
                    low: loadBigEndian64(bytes, field.payload.start &+ 8))
            case 6: value = .int(Int64(bitPattern: field.scalar))
            default: break
            }
        }
    }
}
