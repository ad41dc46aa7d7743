import CollectorTransport
import NIOCore
import Testing

@Suite struct GRPCMessageReaderTests {
    private static func framed(_ text: String, compressed: Bool = false) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.writeGRPCPrefix(isCompressed: compressed, length: text.utf8.count)
        buffer.writeString(text)
        return buffer
    }

    /// The messages of a stream that arrives in pieces of `size` bytes.
    private func messages(_ stream: ByteBuffer, inPiecesOf size: Int) throws -> [String] {
        var reader = GRPCMessageReader()
        var rest = stream
        var found: [String] = []
        var current = ""
        while var piece = rest.readSlice(length: min(size, rest.readableBytes)), piece.readableBytes > 0 {
            while let event = try reader.next(&piece) {
                switch event {
                case .prefix(let isCompressed, let length): current = "\(isCompressed ? "z" : "")\(length):"
                case .bytes(let bytes): current += String(buffer: bytes)
                case .end: found.append(current)
                }
            }
        }
        #expect(reader.isBetweenMessages)
        return found
    }

    @Test func `messages are the same however frames cut them`() throws {
        var stream = Self.framed("first")
        stream.writeImmutableBuffer(Self.framed(""))
        stream.writeImmutableBuffer(Self.framed("a longer third one", compressed: true))
        for size in 1...stream.readableBytes {
            #expect(try messages(stream, inPiecesOf: size) == ["5:first", "0:", "z18:a longer third one"])
        }
    }

    @Test func `an announced size takes no memory`() throws {
        var reader = GRPCMessageReader()
        var input = ByteBuffer(bytes: [0, 0xFF, 0xFF, 0xFF, 0xFF])
        #expect(try reader.next(&input) == .prefix(isCompressed: false, length: 4_294_967_295))
        #expect(try reader.next(&input) == nil)
        #expect(!reader.isBetweenMessages)
    }

    @Test func `a flag other than 0 and 1 is an error`() {
        var reader = GRPCMessageReader()
        var input = ByteBuffer(bytes: [2, 0, 0, 0, 0])
        #expect(throws: GRPCFramingError.invalidFlag(2)) { try reader.next(&input) }
    }

    @Test func `a response's message is collected`() throws {
        for size in [1, 3, 100] {
            var collector = GRPCMessageCollector(limit: 10)
            var rest = Self.framed("response", compressed: true)
            while let piece = rest.readSlice(length: min(size, rest.readableBytes)), piece.readableBytes > 0 {
                try collector.append(piece)
            }
            #expect(
                try collector.finish() == .init(isCompressed: true, payload: ByteBuffer(string: "response")))
        }
    }

    @Test func `a response without, with half, with two or with a large message is told apart`() throws {
        #expect(try GRPCMessageCollector(limit: 10).finish() == nil)

        var half = GRPCMessageCollector(limit: 10)
        try half.append(ByteBuffer(bytes: [0, 0, 0, 0, 9, 1]))
        #expect(throws: GRPCFramingError.truncated) { try half.finish() }

        var two = GRPCMessageCollector(limit: 10)
        try two.append(Self.framed("one"))
        #expect(throws: GRPCFramingError.secondMessage) { try two.append(Self.framed("two")) }

        var large = GRPCMessageCollector(limit: 10)
        #expect(throws: GRPCFramingError.tooLarge(declared: 11, limit: 10)) {
            try large.append(Self.framed("hello world"))
        }
    }
}
