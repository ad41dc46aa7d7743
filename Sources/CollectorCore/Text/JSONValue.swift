/// A JSON document to be written (RFC 8259): answers of debug pages, reports for programs, strings in the log.
package indirect enum JSONValue: Sendable {
    case null
    case bool(Bool)
    case integer(Int)
    /// What JSON has no number for (NaN, infinities) is written as `null`.
    case number(Double)
    case string(String)
    case array([JSONValue])
    /// Members in the order they are written; names are not checked for repetition.
    case object([(name: String, value: JSONValue)])

    /// One line without spaces.
    package var text: String { text(indented: false) }

    /// The text, on one line or indented.
    package func text(indented: Bool) -> String {
        var text = ""
        write(to: &text, indented ? 0 : nil)
        return text
    }

    /// - Parameter level: of indentation; nil writes everything on one line.
    private func write(to text: inout String, _ level: Int?) {
        switch self {
        case .null: text += "null"
        case .bool(let value): text += value ? "true" : "false"
        case .integer(let value): text += String(value)
        case .number(let value):
            if let whole = Int64(exactly: value) {
                text += String(whole)
            } else {
                text += value.isFinite ? "\(value)" : "null"
            }
        case .string(let value): Self.write(value, to: &text)
        case .array(let values):
            Self.writeList("[", "]", values.count, to: &text, level) { position, text, level in
                values[position].write(to: &text, level)
            }
        case .object(let members):
            Self.writeList("{", "}", members.count, to: &text, level) { position, text, level in
                Self.write(members[position].name, to: &text)
                text += level == nil ? ":" : ": "
                members[position].value.write(to: &text, level)
            }
        }
    }

    private static func writeList(
        _ open: String, _ close: String, _ count: Int, to text: inout String, _ level: Int?,
        _ item: (Int, inout String, Int?) -> Void
    ) {
        text += open
        for position in 0..<count {
            if position > 0 { text += "," }
            if let level { text += "\n" + String(repeating: "  ", count: level + 1) }
            item(position, &text, level.map { $0 + 1 })
        }
        if let level, count > 0 { text += "\n" + String(repeating: "  ", count: level) }
        text += close
    }

    /// A quoted string. DEL and the C1 controls are escaped too, which JSON leaves free: terminals obey them.
    private static func write(_ string: String, to text: inout String) {
        text += "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}":
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
        text += "\""
    }
}

extension JSONValue {
    /// The string, or `null` for nil.
    package static func optional(_ string: String?) -> JSONValue { string.map { .string($0) } ?? .null }

    /// A number with at most six decimals, as reports have them.
    package static func rounded(_ value: Double) -> JSONValue {
        abs(value) < 1e9 ? .number((value * 1e6).rounded() / 1e6) : .number(value.rounded())
    }
}
