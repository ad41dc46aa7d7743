import CollectorCore
import NIOCore
import NIOHTTP1
import NIOHTTP2
import NIOPosix
import NIOSSL

/// Puts what went wrong below the protocols into words for people.
enum TransportFailure {
    /// The cause in a few words, without the endpoint.
    static func describe(_ error: any Error) -> String {
        switch error {
        case let error as NIOConnectionError: describeConnection(error)
        case let error as IOError: Errno(code: error.errnoCode).text.lowercasingFirst
        case ChannelError.connectTimeout(let limit): "no connection within \(limit.duration)"
        case ChannelError.eof, ChannelError.ioOnClosedChannel, ChannelError.alreadyClosed: "connection closed"
        case NIOSSLError.handshakeFailed(let cause): "TLS handshake failed: \(reason(cause))"
        case let error as NIOSSLExtraError: "TLS handshake failed: \(error)"
        case NIOSSLError.uncleanShutdown: "connection closed without TLS close_notify"
        case let error as BoringSSLError: reason(error)
        case let error as HTTPParserError: "the answer is not HTTP/1.1 (\(error))"
        case let error as any NIOHTTP2Error: "HTTP/2: \(error)"
        default: "\(error)"
        }
    }

    private static func describeConnection(_ error: NIOConnectionError) -> String {
        if let failure = error.connectionErrors.last { return describe(failure.error) }
        if error.dnsAError != nil || error.dnsAAAAError != nil { return "cannot resolve the name \"\(error.host)\"" }
        return "no address to connect to"
    }

    /// BoringSSL's own word for it, of an error like `...OPENSSL_internal:CERTIFICATE_VERIFY_FAILED at...`.
    private static func reason(_ error: BoringSSLError) -> String {
        let text = "\(error)"
        let marker = "OPENSSL_internal:"
        var rest = Substring(text)
        while let first = rest.first, !rest.hasPrefix(marker) {
            _ = first
            rest = rest.dropFirst()
        }
        let word = rest.dropFirst(marker.count).prefix { $0 == "_" || $0.isLetter || $0.isNumber }
        return word.isEmpty ? text : word.lowercased().split(separator: "_").joined(separator: " ")
    }
}

extension String {
    fileprivate var lowercasingFirst: String { prefix(1).lowercased() + dropFirst() }
}
