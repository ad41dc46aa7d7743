// Builds protobuf messages field by field, with everything a well-behaved encoder would never write within reach.

/// The bytes of one message under construction.
package struct ProtobufMessage: Sendable {
    package private(set) var bytes: [UInt8] = []

    package init() {}

    package init(_ build: (inout ProtobufMessage) -> Void) {
        build(&self)
    }

    package mutating func varint(_ field: Int, _ value: UInt64) {
        rawVarint(UInt64(field) << 3)
        rawVarint(value)
    }

    package mutating func fixed64(_ field: Int, _ value: UInt64) {
        rawVarint(UInt64(field) << 3 | 1)
        append(value)
    }

    package mutating func double(_ field: Int, _ value: Double) {
        fixed64(field, value.bitPattern)
    }

    package mutating func fixed32(_ field: Int, _ value: UInt32) {
        rawVarint(UInt64(field) << 3 | 5)
        for shift in stride(from: UInt32(0), to: 32, by: 8) { bytes.append(UInt8(truncatingIfNeeded: value >> shift)) }
    }

    package mutating func bytes(_ field: Int, _ value: [UInt8]) {
        rawVarint(UInt64(field) << 3 | 2)
        rawVarint(UInt64(value.count))
        bytes += value
    }

    package mutating func string(_ field: Int, _ value: String) {
        bytes(field, Array(value.utf8))
    }

    package mutating func message(_ field: Int, _ build: (inout ProtobufMessage) -> Void) {
        bytes(field, ProtobufMessage(build).bytes)
    }

    package mutating func packedFixed64(_ field: Int, _ values: [UInt64]) {
        var packed = ProtobufMessage()
        for value in values { packed.append(value) }
        bytes(field, packed.bytes)
    }

    package mutating func packedDoubles(_ field: Int, _ values: [Double]) {
        packedFixed64(field, values.map(\.bitPattern))
    }

    /// Bytes as they are, for what no field method writes.
    package mutating func raw(_ raw: [UInt8]) { bytes += raw }

    package mutating func rawVarint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    private mutating func append(_ value: UInt64) {
        for shift in stride(from: UInt64(0), to: 64, by: 8) { bytes.append(UInt8(truncatingIfNeeded: value >> shift)) }
    }
}
