// Protobuf by hand: what the tests build messages of.

typealias Bytes = [UInt8]

/// A varint, written over `size` bytes when that is more than it needs.
func varint(_ value: UInt64, size: Int = 1) -> Bytes {
    var bytes: Bytes = []
    var rest = value
    while rest >= 0x80 || bytes.count + 1 < size {
        bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
        rest >>= 7
    }
    bytes.append(UInt8(truncatingIfNeeded: rest))
    return bytes
}

func tag(_ number: UInt32, _ wireType: UInt32) -> Bytes { varint(UInt64(number) << 3 | UInt64(wireType)) }

/// A length-delimited field.
func field(_ number: UInt32, _ payload: Bytes) -> Bytes {
    tag(number, 2) + varint(UInt64(payload.count)) + payload
}

func field(_ number: UInt32, _ text: String) -> Bytes { field(number, Bytes(text.utf8)) }

func varintField(_ number: UInt32, _ value: UInt64) -> Bytes { tag(number, 0) + varint(value) }

func fixed64Field(_ number: UInt32, _ value: UInt64) -> Bytes { tag(number, 1) + littleEndian(value, 8) }

func fixed32Field(_ number: UInt32, _ value: UInt32) -> Bytes { tag(number, 5) + littleEndian(UInt64(value), 4) }

func littleEndian(_ value: UInt64, _ count: Int) -> Bytes {
    (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * UInt64($0))) }
}

/// A KeyValue with a string.
func attribute(_ key: String, _ value: String) -> Bytes { field(1, key) + field(2, field(1, value)) }

/// The bytes of hexadecimal digits; spaces and line ends between them do not count.
func bytes(hexadecimal text: some StringProtocol) -> Bytes {
    let digits = text.compactMap(\.hexDigitValue)
    return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
}

func hexadecimalText(_ bytes: some Sequence<UInt8>) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
}
