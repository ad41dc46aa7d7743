/// Walks the fields of one validated message. On bytes that were not validated it ends early, never reads elsewhere.
package struct FieldCursor: ~Escapable {
    package enum Value: Sendable {
        case varint(UInt64)
        case fixed64(UInt64)
        case fixed32(UInt32)
        case bytes(ByteRange)
    }

    package struct Field: Sendable {
        package let number: UInt32
        package let value: Value
        /// From the tag to the end of the value.
        package let range: ByteRange

        /// The payload of a length-delimited field; empty for others.
        package var payload: ByteRange {
            if case .bytes(let range) = value { range } else { .empty }
        }

        /// The bits of a scalar; 0 for length-delimited fields.
        package var scalar: UInt64 {
            switch value {
            case .varint(let value), .fixed64(let value): value
            case .fixed32(let value): UInt64(value)
            case .bytes: 0
            }
        }
    }

    private var reader: WireReader

    @_lifetime(copy bytes)
    package init(_ bytes: Span<UInt8>, _ range: ByteRange) {
        reader = WireReader(bytes, range)
    }

    /// The next field, nil at the end of the message.
    @_lifetime(self: copy self)
    package mutating func next() -> Field? {
        guard !reader.isAtEnd else { return nil }
        let start = reader.position
        guard let tag = reader.varint() else { return nil }
        let value: Value
        switch tag & 7 {
        case 0:
            guard let varint = reader.varint() else { return nil }
            value = .varint(varint)
        case 1:
            guard let bits = reader.fixed64() else { return nil }
            value = .fixed64(bits)
        case 2:
            guard let range = reader.lengthDelimited() else { return nil }
            value = .bytes(range)
        case 5:
            guard let bits = reader.fixed32() else { return nil }
            value = .fixed32(bits)
        default:
            return nil
        }
        return Field(
            number: UInt32(truncatingIfNeeded: tag >> 3), value: value, range: ByteRange(start, reader.position))
    }
}
