import CollectorCore

/// A request that cannot be answered as it is; says what would be right.
struct QueryError: Error {
    let message: String

    init(_ message: String) {
        self.message = message
    }
}

/// The parameters of a URL's query as forms write them: `name=value&…`, percent-encoded, `+` for a space.
struct QueryParameters {
    private var values: [String: String] = [:]

    /// - Parameter known: the names that mean something; any other is a mistake, and so is a repetition.
    init(_ query: Substring?, known: [String]) throws(QueryError) {
        for part in (query ?? "").split(separator: "&") {
            let name = try Self.decoded(part.prefix { $0 != "=" })
            let value = try Self.decoded(part.drop { $0 != "=" }.dropFirst())
            guard known.contains(name) else {
                let shown = name.clipped(to: 64).printable
                throw QueryError("unknown parameter `\(shown)`\(suggestion(for: shown, among: known))")
            }
            guard values.updateValue(value, forKey: name) == nil else {
                throw QueryError("the parameter `\(name)` is given twice")
            }
        }
    }

    /// The value of a parameter; nil when it is missing or empty, so that a form's empty fields do not count.
    subscript(name: String) -> String? { values[name].flatMap { $0.isEmpty ? nil : $0 } }

    private static func decoded(_ text: Substring) throws(QueryError) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "+"): bytes.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                guard let high = rest.popFirst().flatMap(digit), let low = rest.popFirst().flatMap(digit) else {
                    throw QueryError(
                        "`\(String(text).clipped(to: 64).printable)`: expected two hexadecimal digits after `%`; "
                            + "a percent sign is written %25")
                }
                bytes.append(high << 4 | low)
            default: bytes.append(byte)
            }
        }
        guard let decoded = String(validating: bytes, as: UTF8.self) else {
            throw QueryError("`\(String(text).clipped(to: 64).printable)` is not UTF-8 once decoded")
        }
        return decoded
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        Character(Unicode.Scalar(byte)).hexDigitValue.map { UInt8($0) }
    }
}
