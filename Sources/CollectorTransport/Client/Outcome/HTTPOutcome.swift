package import CollectorCore
package import NIOCore
import NIOHTTP1

/// What an OTLP/HTTP answer means for the data (OTLP specification, "OTLP/HTTP Response"; conformance 78, 79).
package enum HTTPOutcome {
    /// The body of a success, or why the request failed and whether the same request may be sent again.
    ///
    /// - Parameters:
    ///   - endpoint: who answered, for the message.
    ///   - wallTime: nanoseconds since 1970-01-01 UTC, for a `Retry-After` that is a date.
    package static func classify(
        _ response: HTTPResponse, endpoint: String, wallTime: UInt64
    ) -> Result<ByteBuffer, DeliveryError> {
        let status = response.status
        if (200..<300).contains(status) { return .success(response.body) }
        let message = "\(endpoint) answered \(status)\(reason(response))"
        switch status {
        case 429, 503:
            let delay = response.headers.first(name: "retry-after").flatMap {
                RetryAfter.delay($0, now: Int64(wallTime / 1_000_000_000))
            }
            return .failure(.retryable(message, after: delay, code: code(status)))
        case 502, 504:
            return .failure(.retryable(message, code: code(status)))
        default:
            return .failure(.permanent(message, code: code(status)))
        }
    }

    /// `: message` from the `google.rpc.Status` in a protobuf body, else nothing.
    private static func reason(_ response: HTTPResponse) -> String {
        guard let type = response.headers.first(name: "content-type"),
            type.lowercased().hasPrefix("application/x-protobuf"),
            let status = ReceivedStatus(response.body), !status.message.isEmpty
        else { return "" }
        return ": \(status.message)"
    }

    /// The canonical code of an HTTP status, as `google/rpc/code.proto` pairs them.
    private static func code(_ status: Int) -> StatusCode {
        switch status {
        case 400: .invalidArgument
        case 401: .unauthenticated
        case 403: .permissionDenied
        case 404, 405, 415, 501: .unimplemented
        case 413, 429: .resourceExhausted
        case 502, 503, 504: .unavailable
        case 500: .internal
        default: .unknown
        }
    }
}
