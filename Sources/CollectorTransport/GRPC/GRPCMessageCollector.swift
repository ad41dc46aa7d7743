package import NIOCore

/// Collects the one message of a unary response (or of any small unary stream).
package struct GRPCMessageCollector: Sendable {
    package struct Message: Equatable, Sendable {
        package var isCompressed: Bool
        /// The message as it was sent; compressed with the stream's `grpc-encoding` when `isCompressed`.
        package var payload: ByteBuffer

        package init(isCompressed: Bool, payload: ByteBuffer) {
            self.isCompressed = isCompressed
            self.payload = payload
        }
    }

    private let limit: Int
    private var reader = GRPCMessageReader()
    private var current: Message?
    private var isComplete = false

    /// - Parameter limit: the largest message taken, in bytes as sent.
    package init(limit: Int) {
        self.limit = limit
    }

    /// Takes the bytes of a DATA frame.
    package mutating func append(_ bytes: ByteBuffer) throws(GRPCFramingError) {
        var input = bytes
        while let event = try reader.next(&input) {
            switch event {
            case .prefix(let isCompressed, let length):
                guard current == nil else { throw .secondMessage }
                guard length <= limit else { throw .tooLarge(declared: length, limit: limit) }
                current = Message(isCompressed: isCompressed, payload: ByteBuffer())
            case .bytes(var piece):
                if current?.payload.readableBytes == 0 {
                    current?.payload = piece
                } else {
                    current?.payload.writeBuffer(&piece)
                }
            case .end:
                isComplete = true
            }
        }
    }

    /// The message once the stream has ended; nil when the stream carried none.
    package func finish() throws(GRPCFramingError) -> Message? {
        guard reader.isBetweenMessages else { throw .truncated }
        return isComplete ? current : nil
    }
}
