/// One HistogramDataPoint, as a view.
package struct HistogramPoint: Sendable {
    package static let attributesField: UInt32 = 9
    package static let exemplarsField: UInt32 = 8

    package var startNanoseconds: UInt64 = 0
    package var timeNanoseconds: UInt64 = 0
    package var count: UInt64 = 0
    /// Nil when the point has none.
    package var sum: Double?
    /// Observations in each bucket, not cumulative: one more than there are bounds, or none.
    package var bucketCounts = RepeatedFixed64()
    /// The bit patterns of the buckets' upper bounds.
    package var explicitBounds = RepeatedFixed64()
    package var flags: UInt64 = 0
    package var hasExemplars = false

    package init(_ bytes: Span<UInt8>, point: ByteRange) {
        var fields = FieldCursor(bytes, point)
        while let field = fields.next() {
            switch field.number {
            case 2: startNanoseconds = field.scalar
            case 3: timeNanoseconds = field.scalar
            case 4: count = field.scalar
            case 5: sum = Double(bitPattern: field.scalar)
            case 6: bucketCounts.add(field, in: bytes)
            case 7: explicitBounds.add(field, in: bytes)
            case 8: hasExemplars = true
            case 10: flags = field.scalar
            default: break
            }
        }
    }

    package var hasNoRecordedValue: Bool { flags & PointFlags.noRecordedValue != 0 }

    /// The upper bound at `position`, which must be less than `explicitBounds.count`.
    package func bound(_ position: Int, _ bytes: Span<UInt8>) -> Double {
        Double(bitPattern: explicitBounds.element(position, bytes))
    }
}
