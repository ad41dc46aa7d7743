package import NIOCore

/// What is wrong with the framing of gRPC messages (gRPC over HTTP/2, "Length-Prefixed-Message").
package enum GRPCFramingError: Error, Equatable, Sendable {
    /// The first byte of a message is neither 0 nor 1.
    case invalidFlag(UInt8)
    /// A message announces more bytes than the limit.
    case tooLarge(declared: Int, limit: Int)
    /// A second message where only one may come.
    case secondMessage
    /// The stream ended inside a message.
    case truncated
}

/// Takes a stream of bytes apart into gRPC messages, however DATA frames cut it.
///
/// Bytes are handed on as they come, so the owner decides how much memory a message that only announces a size gets.
package struct GRPCMessageReader: Sendable {
    package enum Event: Equatable, Sendable {
        /// A message begins. `length` bytes follow, in any number of `bytes`.
        case prefix(isCompressed: Bool, length: Int)
        /// A piece of the message, never empty, sharing the input's storage.
        case bytes(ByteBuffer)
        /// The message is complete.
        case end
    }

    private enum Position {
        case prefix
        case message(remaining: Int)
    }

    /// The size of the prefix: one flag byte, four bytes of length.
    package static let prefixSize = 5

    private var position = Position.prefix
    /// The bytes of a prefix that came in pieces, at most four.
    private var partialPrefix = ByteBuffer()

    package init() {}

    /// Whether no message has begun that is not complete.
    package var isBetweenMessages: Bool {
        if case .prefix = position { partialPrefix.readableBytes == 0 } else { false }
    }

    /// The next event in `input`, which is consumed as far as the event goes; nil when it is used up.
    package mutating func next(_ input: inout ByteBuffer) throws(GRPCFramingError) -> Event? {
        switch position {
        case .prefix:
            guard let (flag, length) = readPrefix(&input) else { return nil }
            guard flag <= 1 else { throw .invalidFlag(flag) }
            position = .message(remaining: length)
            return .prefix(isCompressed: flag == 1, length: length)
        case .message(remaining: 0):
            position = .prefix
            return .end
        case .message(let remaining):
            guard let piece = input.readSlice(length: min(remaining, input.readableBytes)), piece.readableBytes > 0
            else { return nil }
            position = .message(remaining: remaining - piece.readableBytes)
            return .bytes(piece)
        }
    }

    private mutating func readPrefix(_ input: inout ByteBuffer) -> (flag: UInt8, length: Int)? {
        if partialPrefix.readableBytes == 0, input.readableBytes >= Self.prefixSize {
            return input.readMultipleIntegers(as: (UInt8, UInt32).self).map { ($0, Int($1)) }
        }
        let missing = Self.prefixSize - partialPrefix.readableBytes
        guard var piece = input.readSlice(length: min(missing, input.readableBytes)) else { return nil }
        partialPrefix.writeBuffer(&piece)
        guard partialPrefix.readableBytes == Self.prefixSize else { return nil }
        defer { partialPrefix.clear() }
        return partialPrefix.readMultipleIntegers(as: (UInt8, UInt32).self).map { ($0, Int($1)) }
    }
}

extension ByteBuffer {
    /// Writes the five bytes that go before a gRPC message of `length` bytes.
    package mutating func writeGRPCPrefix(isCompressed: Bool, length: Int) {
        writeMultipleIntegers(isCompressed ? 1 : 0 as UInt8, UInt32(clamping: length))
    }
}
