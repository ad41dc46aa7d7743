/// A text that is no condition: not OTTL, or with names and types that cannot work.
package struct OTTLError: Error, Equatable, CustomStringConvertible {
    /// The condition as it was given.
    package var text: String
    /// Where in it, in characters, from 1.
    package var column: Int
    /// What is wrong there, and what would be right.
    package var reason: String

    package var description: String { "OTTL condition `\(text)`, column \(column): \(reason)" }
}

/// Why a condition has no answer for one span: its values have types the condition cannot work with, or a calculation
/// has no result. The OpenTelemetry Collector's `error_mode` says what becomes of it.
package struct OTTLEvaluationError: Error, Equatable, CustomStringConvertible {
    // Texts are made when they are read: a condition may fail for every span.
    enum Reason: Equatable {
        case expected(StaticText, found: OTTLType)
        case notIndexable(OTTLType)
        case wrongKey(of: OTTLType, expected: StaticText)
        case indexOutOfBounds(Int64)
        case noArithmetic(OTTLType, OTTLType)
        case overflow
        case divisionByZero
        case invalid(StaticText)
    }

    /// A static string that can be compared.
    struct StaticText: Equatable, Sendable, ExpressibleByStringLiteral {
        let text: StaticString

        init(stringLiteral text: StaticString) { self.text = text }

        static func == (left: StaticText, right: StaticText) -> Bool { left.text.description == right.text.description }
    }

    let reason: Reason
    /// The converter that failed, if one did.
    var converter: String?

    init(_ reason: Reason) { self.reason = reason }

    package var description: String {
        if let converter { "\(converter): \(reasonText)" } else { reasonText }
    }

    private var reasonText: String {
        switch reason {
        case .expected(let expected, let found): "expected \(expected.text), found \(found)"
        case .notIndexable(let type): "\(type) cannot be indexed; only maps and lists can"
        case .wrongKey(let type, let expected): "\(type) is indexed by \(expected.text)"
        case .indexOutOfBounds(let index): "index \(index) is out of bounds"
        case .noArithmetic(let left, let right): "no arithmetic between \(left) and \(right)"
        case .overflow: "the result is beyond 64 bits"
        case .divisionByZero: "division by zero"
        case .invalid(let text): text.text.description
        }
    }
}
