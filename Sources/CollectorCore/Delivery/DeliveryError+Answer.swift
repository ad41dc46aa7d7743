// The one place that maps delivery errors to protocol answers (conformance 12, 41, 42; OTLP specification,
// "Failures" and "OTLP/HTTP Throttling").

extension DeliveryError {
    /// The HTTP status for this error: retryable answers are 429 or 503 and nothing else, permanent ones never are.
    package var httpStatus: Int {
        if isRetryable {
            return code == .resourceExhausted ? 429 : 503
        }
        switch code {
        case .unauthenticated: return 401
        case .permissionDenied: return 403
        case .notFound: return 404
        case .resourceExhausted: return 413
        case .invalidArgument, .outOfRange, .failedPrecondition: return 400
        default: return 500
        }
    }

    /// `Retry-After` in whole seconds, rounded up so that nobody comes back too early; nil without a delay.
    package var retryAfterSeconds: Int64? {
        guard let delay = retryAfter, delay > .zero else { return nil }
        let parts = delay.components
        return parts.attoseconds > 0 ? parts.seconds &+ 1 : parts.seconds
    }

    /// The gRPC status code: a retryable error whose code a client must not retry is told as UNAVAILABLE, and
    /// RESOURCE_EXHAUSTED stays only where a RetryInfo goes with it (conformance 76, 77).
    package var grpcCode: StatusCode {
        guard isRetryable else {
            return code.isRetryableForClients ? .internal : code
        }
        if code == .resourceExhausted { return retryAfter == nil ? .unavailable : code }
        return code.isRetryableForClients ? code : .unavailable
    }
}

extension StatusCode {
    /// The codes that an OTLP client may retry without further information (OTLP specification, table "Failures").
    package var isRetryableForClients: Bool {
        switch self {
        case .cancelled, .deadlineExceeded, .aborted, .outOfRange, .unavailable, .dataLoss: true
        default: false
        }
    }
}
