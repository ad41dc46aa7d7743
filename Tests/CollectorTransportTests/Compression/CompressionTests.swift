import CollectorTransport
import NIOCore
import Testing

@Suite struct CompressionTests {
    private static let text = ByteBuffer(
        string: (0..<3000).map { "span \($0) of service checkout, " }.joined())

    private func gzip(_ buffers: ByteBuffer...) throws -> ByteBuffer {
        try #require(Deflater.gzip(buffers, level: 6))
    }

    @Test(arguments: [0, 1, 6, 9, 42]) func `gzip at any level inflates to the same bytes`(level: Int) throws {
        let packed = try #require(Deflater.gzip([Self.text], level: level))
        #expect(try Inflater.inflate(packed, format: .gzip, limit: .max) == Self.text)
    }

    @Test func `several buffers become one member`() throws {
        let packed = try gzip(ByteBuffer(string: "a"), ByteBuffer(), Self.text, ByteBuffer(string: "z"))
        let whole = try Inflater.inflate(packed, format: .gzip, limit: .max)
        #expect(whole.readableBytes == Self.text.readableBytes + 2)
        #expect(InflatedSize.declared(by: packed, format: .gzip) == whole.readableBytes)
    }

    @Test func `a reused deflater starts afresh`() throws {
        var deflater = Deflater(level: 1)
        for _ in 0..<3 {
            let result = deflater.gzip([Self.text])
            let packed = try #require(result)
            #expect(try Inflater.inflate(packed, format: .gzip, limit: .max) == Self.text)
        }
    }

    @Test func `nothing compresses to an empty member`() throws {
        let packed = try gzip()
        #expect(try Inflater.inflate(packed, format: .gzip, limit: 0).readableBytes == 0)
    }

    @Test func `members one after the other are one body`() throws {
        var packed = try gzip(ByteBuffer(string: "first "))
        packed.writeImmutableBuffer(try gzip(ByteBuffer(string: "second")))
        let whole = try Inflater.inflate(packed, format: .gzip, limit: 100)
        #expect(String(buffer: whole) == "first second")
    }

    @Test func `the limit is exact`() throws {
        let packed = try gzip(Self.text)
        let size = Self.text.readableBytes
        #expect(try Inflater.inflate(packed, format: .gzip, limit: size) == Self.text)
        #expect(throws: InflateError.tooLarge(limit: size - 1)) {
            try Inflater.inflate(packed, format: .gzip, limit: size - 1)
        }
    }

    @Test func `a bomb is refused with no more output than the limit`() throws {
        let packed = try gzip(ByteBuffer(repeating: 0, count: 16 << 20))
        #expect(packed.readableBytes < 100_000)
        #expect(throws: InflateError.tooLarge(limit: 1 << 20)) {
            try Inflater.inflate(packed, format: .gzip, limit: 1 << 20)
        }
    }

    @Test func `a body cut at any byte is corrupt`() throws {
        let packed = try gzip(ByteBuffer(string: "hello hello hello"))
        for length in 0..<packed.readableBytes {
            let part = try #require(packed.getSlice(at: 0, length: length))
            guard case .corrupt = inflateError(part, .gzip) else {
                Issue.record("\(length) bytes were taken for a whole body")
                return
            }
        }
    }

    @Test func `bytes that are not gzip are corrupt`() throws {
        var garbled = try gzip(Self.text)
        garbled.setInteger(0xFF as UInt8, at: garbled.writerIndex - 7)
        for body in [ByteBuffer(string: "plain protobuf"), ByteBuffer(), garbled] {
            guard case .corrupt = inflateError(body, .gzip) else {
                Issue.record("\(body) was inflated")
                return
            }
        }
        var trailing = try gzip(Self.text)
        trailing.writeString("tail")
        guard case .corrupt = inflateError(trailing, .gzip) else {
            Issue.record("trailing bytes were ignored")
            return
        }
    }

    // zlib.compress(b"needletail needletail") and the same as raw deflate, from Python's zlib.
    private static let zlibBody: [UInt8] = [
        0x78, 0x9C, 0xCB, 0x4B, 0x4D, 0x4D, 0xC9, 0x49, 0x2D, 0x49, 0xCC, 0xCC, 0x51, 0xC8, 0x83, 0x33, 0x01, 0x5B,
        0x50, 0x08, 0x4F,
    ]

    @Test func `deflate means zlib's format and raw deflate data`() throws {
        for body in [Self.zlibBody, Array(Self.zlibBody[2..<17])] {
            let text = try Inflater.inflate(ByteBuffer(bytes: body), format: .deflate, limit: 100)
            #expect(String(buffer: text) == "needletail needletail")
        }
    }

    @Test func `a body inflates the same in steps of any size`() throws {
        let packed = try gzip(Self.text)
        for (body, format, expected) in [
            (packed, CompressedFormat.gzip, Self.text),
            (ByteBuffer(bytes: Self.zlibBody), .deflate, ByteBuffer(string: "needletail needletail")),
            (ByteBuffer(bytes: Self.zlibBody[2..<17]), .deflate, ByteBuffer(string: "needletail needletail")),
        ] {
            for step in [1, 2, 7, 100] {
                #expect(try inflate(body, format, inStepsOf: step) == expected)
            }
        }
    }

    private func inflate(_ body: ByteBuffer, _ format: CompressedFormat, inStepsOf size: Int) throws -> ByteBuffer {
        var inflater = Inflater(format: format)
        var rest = body
        var output = ByteBuffer()
        while var piece = rest.readSlice(length: min(size, rest.readableBytes)), piece.readableBytes > 0 {
            while try inflater.step(&piece, into: &output, atMost: size) == .needsRoom {
                output.reserveCapacity(minimumWritableBytes: size)
            }
            #expect(piece.readableBytes == 0)
        }
        try inflater.finish()
        return output
    }

    private func inflateError(_ body: ByteBuffer, _ format: CompressedFormat) -> InflateError? {
        do {
            _ = try Inflater.inflate(body, format: format, limit: 1 << 20)
            return nil
        } catch {
            return error
        }
    }
}
