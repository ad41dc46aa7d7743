/// A value that cannot be what it should be. The message says what was expected and what was found; where it stands is
/// the reader's business.
package struct ConfigMistake: Error, Equatable {
    package let message: String

    package init(_ message: String) {
        self.message = message
    }
}

// Plain values follow YAML's core schema as the OpenTelemetry Collector reads it: `0x1F` and `1_000` are numbers, `yes`
// is no boolean, and what was quoted is text.
extension ConfigNode {
    /// The value as text. Numbers and booleans are taken as they were written.
    package func decodeString() throws(ConfigMistake) -> String {
        if let expandedText { return expandedText }
        guard case .scalar(let text, _) = value else { throw mistake(expected: "text") }
        return text
    }

    package func decodeBool() throws(ConfigMistake) -> Bool {
        switch plainText {
        case "true", "True", "TRUE": return true
        case "false", "False", "FALSE": return false
        default: throw mistake(expected: "true or false")
        }
    }

    package func decodeInteger(in range: ClosedRange<Int> = Int.min...Int.max) throws(ConfigMistake) -> Int {
        guard let number = plainText.flatMap(integer(yaml:)), range.contains(number) else {
            throw mistake(expected: "a whole number\(range.inWords)")
        }
        return number
    }

    package func decodeDouble(in range: ClosedRange<Double> = Double.anyFinite) throws(ConfigMistake) -> Double {
        let number = plainText.flatMap(double(yaml:))
        if let number, range.contains(number) { return number }
        // YAML's infinities and `.nan` are numbers to whoever wrote them.
        let isFinite = ![".inf", "+.inf", "-.inf", ".nan"].contains(plainText?.lowercased())
        throw mistake(expected: (isFinite ? "a number" : "a finite number") + range.inWords)
    }

    /// The value as a duration in Go's notation, zero or more; `allowsZero: false` where zero makes no sense.
    package func decodeDuration(allowsZero: Bool = true) throws(ConfigMistake) -> Duration {
        guard case .scalar(let text, _) = value else { throw mistake(expected: "a duration such as 5s") }
        guard let duration = Duration(goNotation: text) else {
            let hint = Int(text) == nil ? "" : " without a unit"
            throw ConfigMistake("expected a duration such as 5s, 300ms or 1h30m, found \(found)\(hint)")
        }
        guard duration >= .zero else { throw mistake(expected: "a duration that is not negative") }
        guard allowsZero || duration > .zero else { throw mistake(expected: "a duration greater than zero") }
        return duration
    }

    /// The value as one of an enumeration's raw values. Capitals are accepted for lower-case names (`INFO`), as in Go.
    package func decodeEnumeration<E: CaseIterable & RawRepresentable<String>>(_: E.Type) throws(ConfigMistake) -> E {
        let names = E.allCases.map(\.rawValue)
        guard case .scalar(let text, _) = value else {
            throw mistake(expected: "one of \(names.joined(separator: ", "))")
        }
        if let match = E(rawValue: text) ?? E(rawValue: text.lowercased()) { return match }
        let hint = didYouMean(text, among: names).map { "; did you mean `\($0)`?" } ?? ""
        throw ConfigMistake("expected one of \(names.joined(separator: ", ")), found \(found)\(hint)")
    }

    package func mistake(expected: String) -> ConfigMistake {
        ConfigMistake("expected \(expected), found \(found)")
    }

    /// The text of a value that was not quoted.
    private var plainText: String? {
        if case .scalar(let text, quoted: false) = value { text } else { nil }
    }
}

private func integer(yaml text: String) -> Int? {
    let digits = text.contains("_") ? text.filter { $0 != "_" } : text
    if let number = Int(digits) { return number }
    let isNegative = digits.hasPrefix("-")
    let unsigned = isNegative || digits.hasPrefix("+") ? digits.dropFirst() : digits[...]
    for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] where unsigned.hasPrefix(prefix) {
        guard unsigned.dropFirst(2).allSatisfy(\.isHexDigit) else { return nil }
        return Int((isNegative ? "-" : "") + unsigned.dropFirst(2), radix: radix)
    }
    return double(yaml: digits).flatMap(Int.init(exactly:))
}

private func double(yaml text: String) -> Double? {
    guard let first = text.utf8.first(where: { $0 != UInt8(ascii: "-") && $0 != UInt8(ascii: "+") }),
        first == UInt8(ascii: ".") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first)
    else { return nil }
    let digits = text.hasPrefix("+") ? String(text.dropFirst()) : text
    return Double(digits.contains("_") ? digits.filter { $0 != "_" } : digits)
}

extension Double {
    /// Every number; what is left out is infinity and what is no number.
    package static var anyFinite: ClosedRange<Double> { -greatestFiniteMagnitude...greatestFiniteMagnitude }
}

extension ClosedRange<Int> {
    fileprivate var inWords: String {
        switch (lowerBound, upperBound) {
        case (.min, .max): ""
        case (let low, .max): " of at least \(low)"
        case (.min, let high): " of at most \(high)"
        case (let low, let high): " from \(low) to \(high)"
        }
    }
}

extension ClosedRange<Double> {
    fileprivate var inWords: String {
        switch (lowerBound == -.greatestFiniteMagnitude, upperBound == .greatestFiniteMagnitude) {
        case (true, true): ""
        case (false, true): " of at least \(lowerBound)"
        case (true, false): " of at most \(upperBound)"
        case (false, false): " from \(lowerBound) to \(upperBound)"
        }
    }
}
