/// Why a batch could not be taken or delivered: the one error type of the data path.
///
/// `permanent` says that the same bytes would be refused again; `retryable` that trying later may help. `Retryability`
/// and `code` are all that a receiver needs to answer its client (see `DeliveryError+Answer.swift`).
package struct DeliveryError: Error, Sendable, CustomStringConvertible {
    package enum Kind: Sendable, Equatable {
        case permanent
        /// `after` is the delay the refusing side asked for or that was computed from the drain rate; nil when nobody knows.
        case retryable(after: Duration?)
    }

    package var kind: Kind
    package var code: StatusCode
    /// Says what was refused, where and what would be right; goes to clients and to the log.
    package var message: String

    package init(kind: Kind, code: StatusCode, message: String) {
        self.kind = kind
        self.code = code
        self.message = message
    }

    /// The same bytes would be refused again.
    package static func permanent(_ message: String, code: StatusCode = .invalidArgument) -> DeliveryError {
        DeliveryError(kind: .permanent, code: code, message: message)
    }

    /// Trying again later may help.
    package static func retryable(
        _ message: String, after delay: Duration? = nil, code: StatusCode = .unavailable
    ) -> DeliveryError {
        DeliveryError(kind: .retryable(after: delay), code: code, message: message)
    }

    package var isRetryable: Bool {
        if case .retryable = kind { true } else { false }
    }

    /// The delay to tell the client, when there is one.
    package var retryAfter: Duration? {
        if case .retryable(let delay) = kind { delay } else { nil }
    }

    package var description: String { "\(code.name): \(message)" }
}
