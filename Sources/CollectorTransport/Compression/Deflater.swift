import CZlib
package import NIOCore

/// Gzip compression, reusable: one deflater kept per thread spares zlib's 256 KiB of tables being set up per body.
@safe
package struct Deflater: ~Copyable {
    /// On the heap because zlib's state points back at it.
    private let stream: UnsafeMutablePointer<z_stream>
    private let isOpen: Bool

    /// - Parameter level: 1 (fast) to 9 (small), 0 stores; other numbers mean zlib's default, 6.
    package init(level: Int = 6) {
        let level: Int32 = (0...9).contains(level) ? Int32(level) : Z_DEFAULT_COMPRESSION
        unsafe stream = .allocate(capacity: 1)
        // unsafe: the memory was allocated for exactly one stream, which `deinit` ends and frees.
        unsafe stream.initialize(to: z_stream())
        unsafe isOpen = needletail_deflateInit2(stream, level, 15 + 16) == Z_OK
    }

    deinit {
        // unsafe: `stream` is initialized; deflateEnd takes a stream that failed to open and says so.
        unsafe deflateEnd(stream)
        unsafe stream.deallocate()
    }

    /// One gzip member holding the readable bytes of all `buffers`, one after the other.
    ///
    /// Returns nil only when zlib cannot get its memory; the caller sends the bytes uncompressed then.
    package mutating func gzip(_ buffers: [ByteBuffer]) -> ByteBuffer? {
        guard begin() else { return nil }
        let total = buffers.reduce(0) { $0 &+ $1.readableBytes }
        var output = ByteBuffer()
        // Telemetry shrinks to a tenth; a guess that is too small grows.
        output.reserveCapacity(max(256, total / 6))
        for buffer in buffers {
            guard append(buffer, to: &output) else { return nil }
        }
        return finish(into: &output) ? output : nil
    }

    /// Starts a gzip member whose content comes in pieces: `append` for each, then `finish`. All three return false only
    /// when zlib cannot get its memory.
    package mutating func begin() -> Bool {
        // unsafe: `stream` is open.
        unsafe isOpen && deflateReset(stream) == Z_OK
    }

    /// Compresses the readable bytes of `buffer` and appends what zlib gives out so far.
    package mutating func append(_ buffer: ByteBuffer, to output: inout ByteBuffer) -> Bool {
        var input = buffer
        while input.readableBytes > 0 {
            guard deflate(&input, into: &output, flush: Z_NO_FLUSH) == Z_OK else { return false }
        }
        return true
    }

    /// Ends the member.
    package mutating func finish(into output: inout ByteBuffer) -> Bool {
        var nothing = ByteBuffer()
        while true {
            switch deflate(&nothing, into: &output, flush: Z_FINISH) {
            case Z_STREAM_END: return true
            case Z_OK, Z_BUF_ERROR: continue
            default: return false
            }
        }
    }

    /// The same with a deflater for this one body.
    package static func gzip(_ buffers: [ByteBuffer], level: Int = 6) -> ByteBuffer? {
        var deflater = Deflater(level: level)
        return deflater.gzip(buffers)
    }

    private mutating func deflate(_ input: inout ByteBuffer, into output: inout ByteBuffer, flush: Int32) -> Int32 {
        if output.writableBytes == 0 { output.reserveCapacity(minimumWritableBytes: max(256, output.readableBytes)) }
        var code = Z_OK
        let stream = unsafe stream
        // unsafe: both pointers are used within the closures only, and zlib keeps to the counts given with them.
        unsafe input.readWithUnsafeReadableBytes { source in
            let sourceCount = UInt32(clamping: source.count)
            unsafe stream.pointee.next_in = UnsafeMutablePointer(
                mutating: source.baseAddress?.assumingMemoryBound(to: UInt8.self))
            unsafe stream.pointee.avail_in = sourceCount
            unsafe output.writeWithUnsafeMutableBytes(minimumWritableBytes: 1) { target in
                let targetCount = UInt32(clamping: target.count)
                unsafe stream.pointee.next_out = target.baseAddress?.assumingMemoryBound(to: UInt8.self)
                unsafe stream.pointee.avail_out = targetCount
                code = unsafe CZlib.deflate(stream, flush)
                return unsafe Int(targetCount - stream.pointee.avail_out)
            }
            return unsafe Int(sourceCount - stream.pointee.avail_in)
        }
        return code
    }
}
