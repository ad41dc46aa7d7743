package import CollectorCore
package import NIOCore
package import NIOHTTP1

/// What answers the requests of an `HTTPServer`: OTLP/HTTP, the scrape endpoint, health checks.
package protocol HTTPService: Sendable {
    /// Called on the connection's event loop when a request's head has arrived.
    func admit(_ head: HTTPCallHead) -> HTTPAdmission

    /// Called on the event loop with the whole decompressed body. Answers now or later, from any thread, exactly once;
    /// a responder that goes unused answers 500.
    func handle(_ call: HTTPCall, respond: HTTPResponder)

    /// The answer to a request that the transport refused (too large, corrupt gzip, time limits, no memory), so that
    /// it can be given in the request's encoding. `status` is what HTTP calls for.
    func failure(_ head: HTTPCallHead, _ error: DeliveryError, status: Int) -> HTTPAnswer
}

/// Whether a request's body is wanted.
package enum HTTPAdmission: Sendable {
    case read(CallLimits)
    /// The answer is known without the body, which is skipped.
    case answer(HTTPAnswer)
}

/// The request line and headers.
package struct HTTPCallHead: Sendable {
    package let request: HTTPRequestHead
    package let remoteAddress: SocketAddress?

    package init(request: HTTPRequestHead, remoteAddress: SocketAddress? = nil) {
        self.request = request
        self.remoteAddress = remoteAddress
    }

    package var method: HTTPMethod { request.method }

    /// The target without its query.
    package var path: Substring { request.uri.prefix { $0 != "?" } }

    /// What follows the `?`, if there is one.
    package var query: Substring? {
        let path = path
        return path.endIndex < request.uri.endIndex ? request.uri[path.endIndex...].dropFirst() : nil
    }

    /// The first header of this name, whatever its letter case.
    package func header(_ name: String) -> String? { request.headers.first(name: name) }

    /// The media type in `Content-Type`, in lower case and without parameters (conformance 29).
    package var mediaType: String? {
        header("content-type").map { value in
            // Nearly all clients write it plainly, and it is read for every request.
            if value.utf8.allSatisfy(Self.isPlain) { return value }
            let type = value.prefix { $0 != ";" }.drop { $0 == " " || $0 == "\t" }
            return type.prefix { $0 != " " && $0 != "\t" }.lowercased()
        }
    }

    /// Of the bytes of media types, those that are already as `mediaType` has them.
    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "/"), UInt8(ascii: "-"): true
        default: false
        }
    }
}

/// A whole request.
package struct HTTPCall: Sendable {
    package let head: HTTPCallHead
    /// The body, decompressed.
    package let body: ByteBuffer
    /// The body as it was sent, when that was gzip.
    package let gzipped: ByteBuffer?
    /// Keeps the bytes charged to the byte budget; keep it as long as them.
    package let reservation: ByteReservation
}

/// An answer. The server adds `Content-Length`, `Date` and `Connection`, and leaves the body out for HEAD.
package struct HTTPAnswer: Sendable {
    package var status: Int
    package var headers: [(name: String, value: String)]
    package var body: ByteBuffer

    package init(status: Int, headers: [(name: String, value: String)] = [], body: ByteBuffer = ByteBuffer()) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// An answer for people.
    package static func text(_ status: Int, _ text: String) -> HTTPAnswer {
        HTTPAnswer(
            status: status, headers: [("content-type", "text/plain; charset=utf-8")],
            body: ByteBuffer(string: text))
    }
}
