import CollectorCore
import NIOCore
import NIOHTTP2

/// What the end of an OTLP/gRPC call means for the data (OTLP specification, "Failures"; conformance 76, 77).
enum GRPCOutcome {
    /// The error for a status other than OK. `number` is `grpc-status` as it came; numbers without a name are UNKNOWN.
    static func error(
        status number: Int, message: String, details: ReceivedStatus?, endpoint: String
    ) -> DeliveryError {
        let code = StatusCode(rawValue: number) ?? .unknown
        let text = message.isEmpty ? details?.message ?? "" : message
        let full = "\(endpoint) answered \(code.name)\(text.isEmpty ? "" : ": \(text)")"
        // RESOURCE_EXHAUSTED may be a full disk or a request that is too large; RetryInfo tells the one worth waiting
        // for.
        let retryable = code == .resourceExhausted ? details?.retryDelay != nil : code.isRetryableForClients
        return retryable
            ? .retryable(full, after: details?.retryDelay, code: code)
            : .permanent(full, code: code)
    }

    /// The error for a stream that the server reset (gRPC over HTTP/2, "Errors").
    static func error(reset code: HTTP2ErrorCode, endpoint: String) -> DeliveryError {
        let text = "\(endpoint) reset the call (\(code))"
        switch code {
        case .refusedStream: return .retryable(text)
        case .cancel: return .retryable(text, code: .cancelled)
        // What is exhausted is bandwidth, not something the request is too large for.
        case .enhanceYourCalm: return .retryable(text, code: .resourceExhausted)
        case .inadequateSecurity: return .permanent(text, code: .permissionDenied)
        default: return .permanent(text, code: .internal)
        }
    }

    /// The code for an answer without `grpc-status`, from its HTTP status (grpc/doc/http-grpc-status-mapping).
    static func code(httpStatus: Int) -> StatusCode {
        switch httpStatus {
        case 400: .internal
        case 401: .unauthenticated
        case 403: .permissionDenied
        case 404: .unimplemented
        case 429, 502, 503, 504: .unavailable
        default: .unknown
        }
    }
}
