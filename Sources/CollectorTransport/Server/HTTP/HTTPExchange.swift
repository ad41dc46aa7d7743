import NIOCore
import NIOHTTP1

/// One request on a connection and how far its answer is: the facts of its head that later decisions need.
struct HTTPExchange {
    enum Phase {
        /// The body is arriving and wanted.
        case receiving
        /// The request is complete, the answer is not.
        case answering
        /// The answer has begun, the rest of its body is made while it is sent.
        case streaming(HTTPBodyStream)
        /// The answer is sent, the rest of the body is skipped to keep the connection; so many bytes of it at most.
        case skipping(left: Int)
    }

    let head: HTTPCallHead
    var phase = Phase.receiving
    var call: UnaryCall
    /// Whether another request may follow on this connection.
    var keepsAlive: Bool
    /// A decompression step runs on a worker thread.
    var isInflating = false

    init(head: HTTPCallHead, call: UnaryCall) {
        self.head = head
        self.call = call
        // After an upgrade request the parser takes what follows for another protocol.
        let isUpgrade = head.request.headers.contains(name: "upgrade") || head.method == .CONNECT
        self.keepsAlive = head.request.isKeepAlive && !isUpgrade
    }

    var contentLength: Int? { head.header("content-length").flatMap { Int($0) } }

    /// Whether the client waits for a 100 before it sends the body (RFC 9110, section 10.1.1).
    var expectsContinue: Bool {
        head.request.version.minor > 0 && head.header("expect")?.lowercased() == "100-continue"
    }

    /// What the answer says about the connection: HTTP/1.0 clients are told that it stays, others that it does not.
    var connectionHeader: HTTPResponseWriter.Connection {
        guard keepsAlive else { return .close }
        return head.request.version.minor == 0 ? .keepAlive : .standard
    }
}
