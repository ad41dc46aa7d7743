// Regular expressions of configurations, matched against what senders say. Attribute values are hostile, so the engine
// is RE2: it runs an automaton over the text, one step per byte, and never goes back. A match therefore takes time linear
// in the text for every pattern, where engines that backtrack take exponential time for patterns such as `(a+)+$`. The
// price is that there are no back-references and no look-around. It is the syntax of Go's `regexp`, with which the
// OpenTelemetry Collector reads the same configurations.
import CRE2
package import OTLPWire

/// A pattern that is no regular expression.
package struct RegularExpressionError: Error, Equatable, CustomStringConvertible {
    package var pattern: String
    /// What is wrong, with the offending piece of the pattern where there is one: ``missing closing ): (a``.
    package var reason: String

    package var description: String { "`\(pattern)` is no regular expression: \(reason)" }
}

/// A compiled regular expression. Any number of threads may match with it at the same time.
///
/// A call itself allocates nothing. The automaton's states are made when a text first needs them and kept, within 8 MiB
/// per expression together with the compiled program. At that limit RE2 starts over with an empty cache or, for patterns
/// that keep filling it, does without one: slower, but still in linear time.
@safe
package final class RegularExpression: Sendable {
    package let pattern: String
    /// RE2 guards the state that matching changes with its own locks.
    private nonisolated(unsafe) let expression: OpaquePointer

    private static let memoryLimit: Int64 = 8 << 20

    package init(_ pattern: String) throws(RegularExpressionError) {
        self.pattern = pattern
        var text = pattern
        var message = [CChar](repeating: 0, count: 512)
        // unsafe: both buffers are used within the closures only, and the shim keeps to the counts given with them.
        let compiled = text.withUTF8 { pattern in
            unsafe pattern.withMemoryRebound(to: CChar.self) { pattern in
                unsafe message.withUnsafeMutableBufferPointer { message in
                    unsafe cre2_compile(
                        pattern.baseAddress, pattern.count, Self.memoryLimit, message.baseAddress, message.count)
                }
            }
        }
        guard let compiled = unsafe compiled else {
            let reason = message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
            throw RegularExpressionError(pattern: pattern, reason: String(decoding: reason, as: UTF8.self))
        }
        unsafe expression = compiled
    }

    deinit {
        // unsafe: the pointer came from `cre2_compile`, and nobody can use this object any more.
        unsafe cre2_free(expression)
    }

    /// Whether the expression matches anywhere in the text, which is UTF-8 and may hold NUL characters: Go's
    /// `regexp.MatchString`. Anchors in the pattern stand for the ends of `text`.
    package func matches(_ text: Span<UInt8>) -> Bool {
        // unsafe: the buffer is used within the closure only, and RE2 keeps to its count.
        unsafe text.withUnsafeBufferPointer { text in
            unsafe cre2_matches(expression, text.baseAddress, text.count)
        }
    }

    /// The same of a range of `bytes`; an expression never matches a range that is not within them.
    package func matches(in bytes: Span<UInt8>, _ range: ByteRange) -> Bool {
        guard range.start <= range.end, range.end <= bytes.count else { return false }
        return matches(bytes.extracting(range.range))
    }

    /// The same of a string.
    package func matches(_ text: String) -> Bool {
        matches(text.utf8Span.span)
    }
}
