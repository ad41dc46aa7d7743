import CollectorCore
import Synchronization

/// What a sink answers: errors to the first requests if wanted, then success.
final class SinkAnswers: Sendable {
    struct Settings: Sendable {
        var httpStatus = 503
        var grpcStatus = StatusCode.unavailable
        var failFirst = 0
        /// In whole seconds; nil for no `Retry-After` and no RetryInfo.
        var retryAfter: Int?
        var delay = Duration.zero
    }

    let settings: Settings
    private let remaining: Mutex<Int>

    init(_ settings: Settings) {
        self.settings = settings
        remaining = Mutex(settings.failFirst)
    }

    /// Whether this request is one of those to refuse; counts it.
    func refusesNext() -> Bool {
        settings.failFirst > 0
            && remaining.withLock { remaining in
                guard remaining > 0 else { return false }
                remaining -= 1
                return true
            }
    }

    /// The refusal in terms of gRPC.
    var grpcError: DeliveryError {
        let code = settings.grpcStatus
        let after = settings.retryAfter.map { Duration.seconds($0) }
        let isRetryable = code.isRetryableForClients || code == .resourceExhausted && after != nil
        return isRetryable
            ? .retryable("refused on purpose", after: after, code: code)
            : .permanent("refused on purpose", code: code)
    }
}
