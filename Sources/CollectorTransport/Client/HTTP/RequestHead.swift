import NIOCore

/// The head of a request rendered once: all but its `Content-Length`, which comes last.
package struct RequestHead: Sendable {
    /// A header that cannot be sent.
    package struct InvalidHeader: Error, Equatable, CustomStringConvertible {
        package let name: String
        package let problem: String

        package var description: String { "header \"\(name)\": \(problem)" }
    }

    package enum Method: String, Sendable {
        case get = "GET"
        case post = "POST"
    }

    private let bytes: ByteBuffer

    /// - Parameters:
    ///   - endpoint: gives the request target and, unless the headers do, `Host`.
    ///   - headers: sent as they are, in this order; `Content-Type`, `Content-Encoding` and `User-Agent` belong here.
    package init(
        endpoint: OTLPEndpoint, method: Method = .post, headers: [(name: String, value: String)]
    ) throws(InvalidHeader) {
        var text = "\(method.rawValue) \(endpoint.requestTarget) HTTP/1.1\r\n"
        if !headers.contains(where: { $0.name.lowercased() == "host" }) { text += "Host: \(endpoint.authority)\r\n" }
        for (name, value) in headers {
            if ["content-length", "transfer-encoding", "connection"].contains(name.lowercased()) {
                throw InvalidHeader(name: name, problem: "is set by the client itself; remove it")
            }
            try Self.validate(name: name, value: value)
            text += "\(name): \(value)\r\n"
        }
        bytes = ByteBuffer(string: text + "Content-Length: ")
    }

    /// The complete head for a body of `length` bytes.
    func rendered(contentLength length: Int) -> ByteBuffer {
        var head = bytes
        head.writeString("\(length)\r\n\r\n")
        return head
    }

    /// Checks that a header can be sent: a token, and a value without control characters.
    static func validate(name: String, value: String) throws(InvalidHeader) {
        guard !name.isEmpty, name.utf8.allSatisfy(isTokenByte) else {
            throw InvalidHeader(name: name, problem: "the name is not a token of letters, digits and -")
        }
        guard value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }) else {
            throw InvalidHeader(name: name, problem: "the value contains a line break or another control character")
        }
    }

    /// RFC 9110, 5.6.2.
    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}
