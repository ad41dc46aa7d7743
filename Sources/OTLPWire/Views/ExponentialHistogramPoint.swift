/// One ExponentialHistogramDataPoint, as a view.
package struct ExponentialHistogramPoint: Sendable {
    package static let attributesField: UInt32 = 1
    package static let exemplarsField: UInt32 = 11

    package var startNanoseconds: UInt64 = 0
    package var timeNanoseconds: UInt64 = 0
    package var count: UInt64 = 0
    /// Nil when the point has none.
    package var sum: Double?
    /// Buckets grow by a factor of 2^(2^-scale). Whatever was sent, sensible or not.
    package var scale: Int32 = 0
    package var zeroCount: UInt64 = 0
    /// What counts as zero, up to and including this distance from it; 0 when the sender does not say.
    package var zeroThreshold = 0.0
    package var positive = Buckets()
    package var negative = Buckets()
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
            case 6: scale = signed(field.scalar)
            case 7: zeroCount = field.scalar
            case 8: positive = Buckets(bytes, message: field.payload)
            case 9: negative = Buckets(bytes, message: field.payload)
            case 10: flags = field.scalar
            case 11: hasExemplars = true
            case 14: zeroThreshold = Double(bitPattern: field.scalar)
            default: break
            }
        }
    }

    package var hasNoRecordedValue: Bool { flags & PointFlags.noRecordedValue != 0 }

    /// A Buckets message, as a view: observations of one sign.
    package struct Buckets: Sendable {
        private static let countsField: UInt32 = 2

        /// The index of the first count.
        package private(set) var offset: Int32 = 0
        private var range = ByteRange.empty

        package init() {}

        package init(_ bytes: Span<UInt8>, message: ByteRange) {
            range = message
            var fields = FieldCursor(bytes, message)
            while let field = fields.next() {
                if field.number == 1 { offset = signed(field.scalar) }
            }
        }

        /// Calls `body` with the index and the count of each bucket that is not empty, by increasing index. The bucket
        /// `index` holds what is above base^index and not above base^(index + 1).
        package func forEachCount(_ bytes: Span<UInt8>, _ body: (_ index: Int, _ count: UInt64) -> Void) {
            var index = Int(offset)
            var fields = FieldCursor(bytes, range)
            while let field = fields.next() {
                guard field.number == Self.countsField else { continue }
                switch field.value {
                case .varint(let count):
                    if count > 0 { body(index, count) }
                    index += 1
                case .bytes(let packed):
                    var reader = WireReader(bytes, packed)
                    while let count = reader.varint() {
                        if count > 0 { body(index, count) }
                        index += 1
                    }
                case .fixed32, .fixed64: break
                }
            }
        }
    }
}

/// A `sint32` as it stands on the wire: zigzag.
private func signed(_ bits: UInt64) -> Int32 {
    let raw = UInt32(truncatingIfNeeded: bits)
    return Int32(bitPattern: raw >> 1) ^ (0 &- Int32(bitPattern: raw & 1))
}
