/// The elements of a repeated 64-bit field, as a view. Packed in one piece, as every encoder writes it, they stay where
/// they are; written any other way they are gathered.
package struct RepeatedFixed64: Sendable {
    private var packed = ByteRange.empty
    private var gathered: [UInt64] = []
    private var occurrences = 0
    package private(set) var count = 0

    package init() {}

    /// Adds one occurrence of the field, packed or not.
    package mutating func add(_ field: FieldCursor.Field, in bytes: Span<UInt8>) {
        occurrences += 1
        if occurrences == 1, case .bytes(let range) = field.value {
            packed = range
            count = range.count / 8
            return
        }
        if gathered.isEmpty {
            for position in 0..<count { gathered.append(element(position, bytes)) }
        }
        forEachFixed64(of: field, in: bytes) { gathered.append($0) }
        count = gathered.count
    }

    /// The element at `position`, which must be less than `count`; `bytes` are those given to `add`.
    package func element(_ position: Int, _ bytes: Span<UInt8>) -> UInt64 {
        gathered.isEmpty ? loadLittleEndian64(bytes, packed.start &+ position &* 8) : gathered[position]
    }
}
