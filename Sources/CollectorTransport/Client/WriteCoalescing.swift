import NIOCore

/// Puts a list of buffers into as few writes as is worth it: small neighbours are copied together, since a write of its
/// own costs more than copying a few kilobytes; large buffers pass as they are.
enum WriteCoalescing {
    /// Buffers of at least this many bytes are never copied.
    static let largeBuffer = 8192

    /// The same bytes as `head` and `body` in few buffers, none of them empty unless all are.
    static func pieces(head: ByteBuffer, body: [ByteBuffer]) -> [ByteBuffer] {
        var pieces: [ByteBuffer] = []
        var small = head
        for buffer in body where buffer.readableBytes > 0 {
            if buffer.readableBytes < largeBuffer {
                if small.readableBytes >= largeBuffer {
                    pieces.append(small)
                    small = ByteBuffer()
                }
                if small.readableBytes == 0 { small.reserveCapacity(2 * largeBuffer) }
                small.writeImmutableBuffer(buffer)
            } else {
                if small.readableBytes > 0 { pieces.append(small) }
                small = ByteBuffer()
                pieces.append(buffer)
            }
        }
        if small.readableBytes > 0 || pieces.isEmpty { pieces.append(small) }
        return pieces
    }
}
