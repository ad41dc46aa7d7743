// Protobuf fields. Tags take one byte up to field 15 and two beyond; numbers are given as fields of the schema.

extension ByteSink {
    mutating func append(varint value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        append(UInt8(truncatingIfNeeded: rest))
    }

    mutating func field(_ number: UInt64, varint value: UInt64) {
        append(varint: number << 3)
        append(varint: value)
    }

    /// A `sint32` or `sint64`.
    mutating func field(_ number: UInt64, signed value: Int64) {
        field(number, varint: Self.zigzag(value))
    }

    mutating func field(_ number: UInt64, double value: Double) {
        append(varint: number << 3 | 1)
        append(littleEndian: value.bitPattern)
    }

    mutating func field(_ number: UInt64, bytes value: borrowing [UInt8]) {
        append(varint: number << 3 | 2)
        append(varint: UInt64(value.count))
        append(value)
    }

    /// A nested message, or a packed field.
    mutating func field(_ number: UInt64, message: (inout ByteSink) -> Void) {
        append(varint: number << 3 | 2)
        // Most messages are shorter than 128 bytes, so that their length fits where it is expected.
        append(0)
        let start = count
        message(&self)
        setLength(before: start)
    }

    /// An element of a packed `sint64` field.
    mutating func append(signed value: Int64) {
        append(varint: Self.zigzag(value))
    }

    private static func zigzag(_ value: Int64) -> UInt64 {
        UInt64(bitPattern: value << 1) ^ UInt64(bitPattern: value >> 63)
    }
}

/// What `body` appends.
func serialized(_ body: (inout ByteSink) -> Void) -> [UInt8] {
    var sink = ByteSink(capacity: 256)
    body(&sink)
    return sink.array()
}
