import NIOCore
import NIOHTTP1

/// Puts the parts of an answer together, within a limit.
struct ResponseCollector {
    /// The answer's body is larger than the client takes (conformance 87).
    struct TooLarge: Error {}

    let limit: Int
    private(set) var head: HTTPResponseHead?
    private var body = ByteBuffer()

    init(limit: Int) {
        self.limit = limit
    }

    /// Takes a part; the whole answer when it was the last.
    mutating func take(_ part: HTTPClientResponsePart) throws(TooLarge) -> HTTPResponse? {
        switch part {
        case .head(let head):
            self.head = head
            if let length = head.headers.first(name: "content-length").flatMap({ Int($0) }), length > limit {
                throw TooLarge()
            }
            return nil
        case .body(var bytes):
            guard bytes.readableBytes <= limit - body.readableBytes else { throw TooLarge() }
            if body.readableBytes == 0 { body = bytes } else { body.writeBuffer(&bytes) }
            return nil
        case .end:
            guard let head else { return nil }
            defer { self = ResponseCollector(limit: limit) }
            return HTTPResponse(status: Int(head.status.code), headers: head.headers, body: body)
        }
    }
}
