package import NIOCore

extension Inflater {
    /// Inflates a whole body, to at most `limit` bytes.
    package static func inflate(
        _ body: ByteBuffer, format: CompressedFormat, limit: Int
    ) throws(InflateError) -> ByteBuffer {
        var inflater = Inflater(format: format)
        var input = body
        var output = ByteBuffer()
        output.reserveCapacity(InflatedSize.initialCapacity(of: body, format: format, limit: limit))
        while try inflater.step(&input, into: &output, atMost: limit - output.readableBytes) == .needsRoom {
            if output.readableBytes >= limit {
                try inflater.expectEnd(&input, limit: limit)
                break
            }
            output.reserveCapacity(
                minimumWritableBytes: InflatedSize.growth(from: output.readableBytes, limit: limit))
        }
        try inflater.finish()
        return output
    }

    /// Called with the output at its limit: the input's rest may hold checksums and empty members, but no more data.
    package mutating func expectEnd(_ input: inout ByteBuffer, limit: Int) throws(InflateError) {
        var surplus = ByteBuffer()
        surplus.reserveCapacity(1)
        _ = try step(&input, into: &surplus, atMost: 1)
        guard surplus.readableBytes == 0 else { throw .tooLarge(limit: limit) }
    }
}

/// How large the buffer for an inflated body is made, and by how much it grows.
package enum InflatedSize {
    /// Real telemetry compresses by a factor of ten or twenty; what claims more grows step by step.
    private static let plausibleFactor = 32
    private static let smallest = 1024

    /// What a gzip body says of its inflated size in its last four bytes (ISIZE, RFC 1952): true only for one member
    /// under 4 GiB, and not to be trusted.
    package static func declared(by body: ByteBuffer, format: CompressedFormat) -> Int? {
        guard format == .gzip, body.readableBytes >= 18 else { return nil }
        return body.getInteger(at: body.writerIndex - 4, endianness: .little, as: UInt32.self).map { Int($0) }
    }

    /// The capacity to start with.
    ///
    /// - Parameter isWhole: whether `body` is all there is, and not just the first piece.
    package static func initialCapacity(
        of body: ByteBuffer, format: CompressedFormat, limit: Int, isWhole: Bool = true
    ) -> Int {
        let plausible = min(body.readableBytes.multipliedClamping(by: plausibleFactor), limit)
        let guess = body.readableBytes.multipliedClamping(by: 4)
        let declared = isWhole ? declared(by: body, format: format) ?? guess : guess
        return max(min(declared, plausible), min(smallest, limit))
    }

    /// The room to add to an output of `size` bytes: as much again, up to the limit.
    package static func growth(from size: Int, limit: Int) -> Int {
        max(0, min(max(size, smallest), limit - size))
    }
}

extension Int {
    func multipliedClamping(by factor: Int) -> Int {
        let (product, overflow) = multipliedReportingOverflow(by: factor)
        return overflow ? .max : product
    }
}
