import NIOCore

/// Walks the fields of a small protobuf message, as answers carry them. Unknown wire types end the walk as malformed.
struct ProtobufFields {
    enum Value {
        case varint(UInt64)
        case bytes(ByteBuffer)
        /// A fixed32 or fixed64, which none of the messages read here has.
        case fixed
    }

    struct Malformed: Error {}

    private var rest: ByteBuffer

    init(_ message: ByteBuffer) {
        rest = message
    }

    /// The next field, or nil at the end.
    mutating func next() throws(Malformed) -> (number: UInt64, value: Value)? {
        if rest.readableBytes == 0 { return nil }
        let tag = try varint()
        guard tag >> 3 != 0 else { throw Malformed() }
        switch tag & 7 {
        case 0: return (tag >> 3, .varint(try varint()))
        case 1: return try skip(8, number: tag >> 3)
        case 5: return try skip(4, number: tag >> 3)
        case 2:
            guard let length = Int(exactly: try varint()), let bytes = rest.readSlice(length: length) else {
                throw Malformed()
            }
            return (tag >> 3, .bytes(bytes))
        default: throw Malformed()
        }
    }

    private mutating func skip(_ count: Int, number: UInt64) throws(Malformed) -> (number: UInt64, value: Value) {
        guard rest.readSlice(length: count) != nil else { throw Malformed() }
        return (number, .fixed)
    }

    private mutating func varint() throws(Malformed) -> UInt64 {
        var result: UInt64 = 0
        for shift in stride(from: UInt64(0), through: 63, by: 7) {
            guard let byte = rest.readInteger(as: UInt8.self) else { throw Malformed() }
            result |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return result }
        }
        throw Malformed()
    }
}

extension ByteBuffer {
    /// The readable bytes as text; bytes that are not UTF-8 become U+FFFD.
    var text: String { String(buffer: self) }
}
