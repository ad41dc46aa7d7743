/// Writes a protobuf message from scratch, for what this process says itself. Grows as needed.
package struct MessageWriter: Sendable {
    package private(set) var bytes: [UInt8] = []

    package init() {}

    /// A field of varint type; also for enums and booleans.
    package mutating func varint(_ field: UInt32, _ value: UInt64) {
        append(UInt64(field) << 3)
        append(value)
    }

    package mutating func fixed64(_ field: UInt32, _ value: UInt64) {
        append(UInt64(field) << 3 | 1)
        append(fixed64: value)
    }

    package mutating func double(_ field: UInt32, _ value: Double) { fixed64(field, value.bitPattern) }

    /// A zigzag-encoded sint32.
    package mutating func sint32(_ field: UInt32, _ value: Int32) {
        varint(field, UInt64(UInt32(bitPattern: (value << 1) ^ (value >> 31))))
    }

    package mutating func string(_ field: UInt32, _ text: String) {
        prefix(field, text.utf8.count)
        bytes.append(contentsOf: text.utf8)
    }

    package mutating func bytes(_ field: UInt32, _ value: [UInt8]) {
        prefix(field, value.count)
        bytes.append(contentsOf: value)
    }

    package mutating func bytes(_ field: UInt32, _ value: ArraySlice<UInt8>) {
        prefix(field, value.count)
        bytes.append(contentsOf: value)
    }

    /// A span id.
    package mutating func id(_ field: UInt32, _ value: UInt64) {
        prefix(field, 8)
        append(fixed64: value.byteSwapped)
    }

    package mutating func id(_ field: UInt32, _ value: TraceID) {
        prefix(field, 16)
        append(fixed64: value.high.byteSwapped)
        append(fixed64: value.low.byteSwapped)
    }

    /// A packed repeated fixed64.
    package mutating func packedFixed64(_ field: UInt32, _ values: some Collection<UInt64>) {
        prefix(field, values.count * 8)
        for value in values { append(fixed64: value) }
    }

    /// A packed repeated field of varint type.
    package mutating func packedVarint(_ field: UInt32, _ values: [UInt64]) {
        message(field) { list in
            for value in values { list.append(value) }
        }
    }

    /// A nested message, which `body` writes.
    package mutating func message(_ field: UInt32, _ body: (inout MessageWriter) -> Void) {
        append(UInt64(field) << 3 | 2)
        let start = bytes.count
        bytes.append(0)
        body(&self)
        let length = UInt64(bytes.count - start - 1)
        guard length >= 0x80 else {
            bytes[start] = UInt8(truncatingIfNeeded: length)
            return
        }
        // The length was not known before: what it needs beyond one byte moves what follows.
        var rest = length
        var digits: [UInt8] = []
        while rest >= 0x80 {
            digits.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        digits.append(UInt8(truncatingIfNeeded: rest))
        bytes.replaceSubrange(start...start, with: digits)
    }

    /// Fields that were written before.
    package mutating func copy(_ fields: [UInt8]) { bytes.append(contentsOf: fields) }

    private mutating func prefix(_ field: UInt32, _ length: Int) {
        append(UInt64(field) << 3 | 2)
        append(UInt64(length))
    }

    private mutating func append(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    private mutating func append(fixed64 value: UInt64) {
        for shift in stride(from: UInt64(0), to: 64, by: 8) { bytes.append(UInt8(truncatingIfNeeded: value >> shift)) }
    }
}
