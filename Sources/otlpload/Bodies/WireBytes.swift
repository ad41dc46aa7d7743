// Protobuf written front to back into an array; bodies are made once, so nothing here needs to be fast.

extension [UInt8] {
    mutating func append(varint value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        append(UInt8(truncatingIfNeeded: rest))
    }

    mutating func append(littleEndian value: UInt64) {
        for shift in stride(from: UInt64(0), to: 64, by: 8) { append(UInt8(truncatingIfNeeded: value >> shift)) }
    }

    /// A length-delimited field: bytes or a message.
    mutating func append(field number: UInt64, _ payload: [UInt8]) {
        append(varint: number << 3 | 2)
        append(varint: UInt64(payload.count))
        append(contentsOf: payload)
    }

    mutating func append(field number: UInt64, _ text: String) {
        append(field: number, Array(text.utf8))
    }

    mutating func append(field number: UInt64, varint value: UInt64) {
        append(varint: number << 3)
        append(varint: value)
    }

    mutating func append(field number: UInt64, fixed64 value: UInt64) {
        append(varint: number << 3 | 1)
        append(littleEndian: value)
    }

    /// A `KeyValue` with a string.
    mutating func append(attribute number: UInt64, _ key: String, _ text: String) {
        var value: [UInt8] = []
        value.append(field: 1, text)
        append(attribute: number, key, value: value)
    }

    /// A `KeyValue` with an integer.
    mutating func append(attribute number: UInt64, _ key: String, _ integer: Int) {
        var value: [UInt8] = []
        value.append(field: 3, varint: UInt64(bitPattern: Int64(integer)))
        append(attribute: number, key, value: value)
    }

    private mutating func append(attribute number: UInt64, _ key: String, value: [UInt8]) {
        var pair: [UInt8] = []
        pair.append(field: 1, key)
        pair.append(field: 2, value)
        append(field: number, pair)
    }
}
