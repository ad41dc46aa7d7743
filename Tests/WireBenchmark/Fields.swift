// Protobuf fields as bytes.

/// A length-delimited field.
func field(_ number: UInt8, _ payload: [UInt8]) -> [UInt8] {
    varint(UInt64(number) << 3 | 2) + varint(UInt64(payload.count)) + payload
}

func field(_ number: UInt8, string key: String, _ value: String) -> [UInt8] {
    field(number, field(1, Array(key.utf8)) + field(2, field(1, Array(value.utf8))))
}

func field(_ number: UInt8, integer key: String, _ value: UInt64) -> [UInt8] {
    field(number, field(1, Array(key.utf8)) + field(2, [3 << 3] + varint(value)))
}

func varint(_ value: UInt64) -> [UInt8] {
    var bytes: [UInt8] = []
    var rest = value
    while rest >= 0x80 {
        bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
        rest >>= 7
    }
    return bytes + [UInt8(truncatingIfNeeded: rest)]
}

func littleEndian(_ value: UInt64) -> [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: value >> (8 * UInt64($0))) }
}
