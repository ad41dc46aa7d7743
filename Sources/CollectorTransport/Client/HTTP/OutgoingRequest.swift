package import NIOCore

/// One request to the client's endpoint.
package struct OutgoingRequest: Sendable {
    package var head: RequestHead
    /// The body's bytes in pieces, written as they are; kept until the answer, since a connection found dead makes the
    /// client send them once more.
    package var body: [ByteBuffer]
    /// From the call of `send` to the last byte of the answer.
    package var timeout: Duration

    package init(head: RequestHead, body: [ByteBuffer], timeout: Duration) {
        self.head = head
        self.body = body
        self.timeout = timeout
    }
}
