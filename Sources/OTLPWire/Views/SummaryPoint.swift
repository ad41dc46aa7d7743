/// One SummaryDataPoint, as a view.
package struct SummaryPoint: Sendable {
    package static let attributesField: UInt32 = 7
    private static let quantilesField: UInt32 = 6

    package var startNanoseconds: UInt64 = 0
    package var timeNanoseconds: UInt64 = 0
    package var count: UInt64 = 0
    package var sum = 0.0
    package var flags: UInt64 = 0
    private let range: ByteRange

    package init(_ bytes: Span<UInt8>, point: ByteRange) {
        range = point
        var fields = FieldCursor(bytes, point)
        while let field = fields.next() {
            switch field.number {
            case 2: startNanoseconds = field.scalar
            case 3: timeNanoseconds = field.scalar
            case 4: count = field.scalar
            case 5: sum = Double(bitPattern: field.scalar)
            case 8: flags = field.scalar
            default: break
            }
        }
    }

    package var hasNoRecordedValue: Bool { flags & PointFlags.noRecordedValue != 0 }

    /// Calls `body` with each quantile (0 to 1 in valid data) and its value, in the order they were sent.
    package func forEachQuantile(_ bytes: Span<UInt8>, _ body: (_ quantile: Double, _ value: Double) -> Void) {
        var fields = FieldCursor(bytes, range)
        while let field = fields.next() {
            guard field.number == Self.quantilesField, case .bytes(let message) = field.value else { continue }
            var quantile = 0.0
            var value = 0.0
            var members = FieldCursor(bytes, message)
            while let member = members.next() {
                switch member.number {
                case 1: quantile = Double(bitPattern: member.scalar)
                case 2: value = Double(bitPattern: member.scalar)
                default: break
                }
            }
            body(quantile, value)
        }
    }
}
