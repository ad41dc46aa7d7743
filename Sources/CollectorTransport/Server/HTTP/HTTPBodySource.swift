package import NIOCore

/// Makes what follows the beginning of an answer's body while the client takes it: the server never holds more of such
/// a body than the piece under way and what the socket has not taken of the one before, however slowly the client reads.
package protocol HTTPBodySource: Sendable {
    /// The next piece. Called on worker threads, for one piece after the other, when the client has taken what came
    /// before; not again after the last one, nor when the client has gone.
    func next() -> HTTPBodyPiece
}

/// A part of a body whose length is not known in advance.
package enum HTTPBodyPiece: Sendable {
    /// More follows. Not empty.
    case part(ByteBuffer)
    /// The last one, perhaps empty.
    case end(ByteBuffer)
    /// There is no more, but the body is not whole: the connection is closed, so that the client notices.
    case failed
}

/// A body on its way that is made while it is sent.
struct HTTPBodyStream {
    let source: any HTTPBodySource
    /// What is kept until everything has left.
    let kept: (any AnyObject & Sendable)?
    /// Whether pieces go as chunks (RFC 9112, section 7.1); to HTTP/1.0 clients they go bare, up to the end of the
    /// connection.
    let isChunked: Bool
    /// A piece is being made on a worker thread.
    var isMaking = false
    private var hasChunks = false

    init(source: any HTTPBodySource, kept: (any AnyObject & Sendable)?, isChunked: Bool) {
        self.source = source
        self.kept = kept
        self.isChunked = isChunked
    }

    /// What goes in front of a piece: the end of the chunk before it and its own length. Nil for nothing.
    mutating func frame(_ size: Int) -> ByteBuffer? {
        guard isChunked, size > 0 else { return nil }
        defer { hasChunks = true }
        return ByteBuffer(string: "\(hasChunks ? "\r\n" : "")\(String(size, radix: 16))\r\n")
    }

    /// What goes behind the last piece.
    func ending() -> ByteBuffer? {
        isChunked ? ByteBuffer(string: "\(hasChunks ? "\r\n" : "")0\r\n\r\n") : nil
    }
}
