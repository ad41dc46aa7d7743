/// A measured number as it was sent.
package enum PointValue: Sendable, Equatable {
    /// No member of the oneof is set.
    case none
    case int(Int64)
    case double(Double)
}

/// `DataPointFlags`.
package enum PointFlags {
    /// The series ends here; the point's value says nothing (conformance 135).
    package static let noRecordedValue: UInt64 = 1
}

/// One NumberDataPoint, as a view.
package struct NumberPoint: Sendable {
    package static let attributesField: UInt32 = 7
    package static let exemplarsField: UInt32 = 5

    package var startNanoseconds: UInt64 = 0
    package var timeNanoseconds: UInt64 = 0
    package var value = PointValue.none
    package var flags: UInt64 = 0
    package var hasExemplars = false

    package init(_ bytes: Span<UInt8>, point: ByteRange) {
        var fields = FieldCursor(bytes, point)
        while let field = fields.next() {
            switch field.number {
            case 2: startNanoseconds = field.scalar
            case 3: timeNanoseconds = field.scalar
            case 4: value = .double(Double(bitPattern: field.scalar))
            case 5: hasExemplars = true
            case 6: value = .int(Int64(bitPattern: field.scalar))
            case 8: flags = field.scalar
            default: break
            }
        }
    }

    package var hasNoRecordedValue: Bool { flags & PointFlags.noRecordedValue != 0 }
}
