/// Why a JSON text is not the OTLP message it should be. Meant to be shown to the sender: says where, what, and what
/// would be right.
package struct JSONDecodingError: Error, Equatable, CustomStringConvertible {
    package enum Reason: Sendable, Equatable {
        /// The text is not JSON, or not JSON of this message.
        case malformed
        /// The message would have more bytes than allowed.
        case tooLarge
        /// Nested deeper than `MessageLimits.depth`.
        case tooDeep
    }

    package let reason: Reason
    /// Path of the field, such as `resourceSpans[0].scopeSpans[2].spans[7].traceId`; empty at the root.
    package let path: String
    /// Where in the text, in bytes from the start.
    package let offset: Int
    /// What was found and what would be right.
    package let problem: String

    package var description: String {
        path.isEmpty ? "byte \(offset): \(problem)" : "\(path) (byte \(offset)): \(problem)"
    }
}

/// A decoding error before its path is known.
struct JSONFault: Error {
    var reason = JSONDecodingError.Reason.malformed
    let offset: Int
    let problem: String
}
