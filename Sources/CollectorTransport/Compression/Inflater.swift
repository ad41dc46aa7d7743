import CZlib
package import NIOCore

/// A compressed format of a request or response body.
package enum CompressedFormat: Sendable {
    /// RFC 1952; several members one after the other count as one body.
    case gzip
    /// HTTP's "deflate": a zlib stream (RFC 1950), or, as some clients send it, raw deflate data (RFC 1951).
    case deflate
}

/// Why a compressed body was refused.
package enum InflateError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The body inflates to more than `limit` bytes.
    case tooLarge(limit: Int)
    /// The bytes are not of the format, or end before it does; the text says which.
    case corrupt(String)

    package var description: String {
        switch self {
        case .tooLarge(let limit): "it inflates to more than \(limit) bytes"
        case .corrupt(let reason): reason
        }
    }
}

/// Decompression of one body, in as many steps as its bytes and the room for the result come in.
///
/// The inflater never enlarges the output: whoever owns it decides how far it may grow, so a small body that inflates
/// to gigabytes costs no more than the limit.
@safe
package struct Inflater: ~Copyable {
    /// Why `step` returned.
    package enum Progress: Sendable {
        /// All input is consumed.
        case needsInput
        /// The output has no room left, or `atMost` bytes were written.
        case needsRoom
    }

    private enum Position {
        /// Nothing is known of the format yet: `deflate` is told apart by its first two bytes.
        case unopened
        case inside
        /// A complete stream has been read.
        case atEnd
    }

    /// On the heap because zlib's state points back at it.
    private let stream: UnsafeMutablePointer<z_stream>
    private let format: CompressedFormat
    private var position = Position.unopened
    /// The first byte of a deflate body whose second has not come yet.
    private var held: ByteBuffer?

    package init(format: CompressedFormat) {
        self.format = format
        unsafe stream = .allocate(capacity: 1)
        // unsafe: the memory was allocated for exactly one stream, which `deinit` ends and frees.
        unsafe stream.initialize(to: z_stream())
    }

    deinit {
        // unsafe: `stream` is initialized; inflateEnd takes a stream that was never opened and says so.
        unsafe inflateEnd(stream)
        unsafe stream.deallocate()
    }

    /// Whether the bytes so far are a whole body.
    package var isComplete: Bool { position == .atEnd && held == nil }

    /// Consumes input and appends what it inflates to, without enlarging `output`.
    package mutating func step(
        _ input: inout ByteBuffer, into output: inout ByteBuffer, atMost: Int = .max
    ) throws(InflateError) -> Progress {
        if position == .unopened {
            guard try open(&input) else { return .needsInput }
        }
        var remaining = atMost
        while true {
            if position == .atEnd {
                guard input.readableBytes > 0 else { return .needsInput }
                try nextMember()
            }
            let room = min(output.writableBytes, remaining)
            // At a stream's last bytes zlib may have consumed everything and still hold output: ask it while there
            // is room, even without input.
            guard room > 0 else { return input.readableBytes > 0 || hasPendingOutput ? .needsRoom : .needsInput }
            let before = (input.readableBytes, output.readableBytes)
            let code = inflate(&input, into: &output, room: room)
            remaining -= output.readableBytes - before.1
            switch code {
            case Z_STREAM_END:
                position = .atEnd
            case Z_OK, Z_BUF_ERROR:
                let isStuck = before == (input.readableBytes, output.readableBytes)
                if isStuck { return .needsInput }
            default:
                throw .corrupt(describe(code))
            }
        }
    }

    /// Called after the last input: throws when the body is cut off.
    package func finish() throws(InflateError) {
        guard isComplete else { throw .corrupt("the compressed data ends too early") }
    }

    private var hasPendingOutput: Bool {
        // A full output buffer is zlib's only sign that more may follow.
        position == .inside
    }

    private mutating func open(_ input: inout ByteBuffer) throws(InflateError) -> Bool {
        if var start = held {
            start.writeBuffer(&input)
            input = start
            held = nil
        }
        let windowBits: Int32
        switch format {
        case .gzip:
            windowBits = 15 + 16
        case .deflate:
            guard let header = input.getInteger(at: input.readerIndex, as: UInt16.self) else {
                held = input.readableBytes > 0 ? input : nil
                input.moveReaderIndex(to: input.writerIndex)
                return false
            }
            // A zlib header names method 8 and is a multiple of 31 (RFC 1950, section 2.2).
            let isZlib = (header >> 8) & 0x0F == 8 && header % 31 == 0
            windowBits = isZlib ? 15 : -15
        }
        // unsafe: `stream` is initialized and not opened before.
        guard unsafe needletail_inflateInit2(stream, windowBits) == Z_OK else {
            throw .corrupt("zlib has no memory to decompress")
        }
        position = .inside
        return true
    }

    private mutating func nextMember() throws(InflateError) {
        guard format == .gzip else { throw .corrupt("bytes follow the end of the compressed data") }
        // unsafe: `stream` is open; the format stays.
        guard unsafe inflateReset(stream) == Z_OK else { throw .corrupt("zlib refused to start the next member") }
        position = .inside
    }

    private mutating func inflate(_ input: inout ByteBuffer, into output: inout ByteBuffer, room: Int) -> Int32 {
        var code = Z_OK
        let stream = unsafe stream
        // unsafe: both pointers are used within the closures only, and zlib keeps to the counts given with them.
        unsafe input.readWithUnsafeReadableBytes { source in
            let sourceCount = UInt32(clamping: source.count)
            unsafe stream.pointee.next_in = UnsafeMutablePointer(
                mutating: source.baseAddress?.assumingMemoryBound(to: UInt8.self))
            unsafe stream.pointee.avail_in = sourceCount
            unsafe output.writeWithUnsafeMutableBytes(minimumWritableBytes: 0) { target in
                let targetCount = UInt32(clamping: min(room, target.count))
                unsafe stream.pointee.next_out = target.baseAddress?.assumingMemoryBound(to: UInt8.self)
                unsafe stream.pointee.avail_out = targetCount
                code = unsafe CZlib.inflate(stream, Z_NO_FLUSH)
                return unsafe Int(targetCount - stream.pointee.avail_out)
            }
            return unsafe Int(sourceCount - stream.pointee.avail_in)
        }
        return code
    }

    private func describe(_ code: Int32) -> String {
        if code == Z_NEED_DICT { return "the compressed data needs a preset dictionary" }
        if code == Z_MEM_ERROR { return "zlib has no memory to decompress" }
        // unsafe: zlib's message is a static C string or null.
        guard let text = unsafe stream.pointee.msg else { return "the data is not \(format)" }
        return unsafe String(cString: text)
    }
}
