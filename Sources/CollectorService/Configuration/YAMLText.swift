/// A key as YAML; plain where it cannot be misread.
func yaml(key: String) -> String {
    isPlain(key) ? key : quoted(key)
}

/// A single value as YAML, its dollar signs escaped against expansion. `isText` values never become numbers, booleans
/// or null.
func yaml(scalar text: String, isText: Bool) -> String {
    let escaped = text.contains("$") ? text.map { $0 == "$" ? "$$" : String($0) }.joined() : text
    return isPlain(escaped) && !(isText && couldBeTyped(escaped)) ? escaped : quoted(escaped)
}

/// Whether a text means itself without quotes in every place, also inside of a flow collection.
private func isPlain(_ text: String) -> Bool {
    guard let first = text.unicodeScalars.first, text.unicodeScalars.last != ":" else { return false }
    guard first.isASCII,
        first.properties.isAlphabetic || ("0"..."9").contains(first) || "/._$-".unicodeScalars.contains(first)
    else { return false }
    guard !text.contains(": "), text != "-", !text.hasPrefix("- "), !text.hasPrefix("---"), text != "..." else {
        return false
    }
    return text.unicodeScalars.allSatisfy { scalar in
        scalar.isASCII
            && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)
                || "-_./:+$%@".unicodeScalars.contains(scalar))
    }
}

/// Whether a plain value could be taken for something other than text, by this reader or another.
private func couldBeTyped(_ text: String) -> Bool {
    let words = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"]
    guard let first = text.utf8.first else { return true }
    let startsAsNumber = (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) || "+-.".utf8.contains(first)
    return startsAsNumber || words.contains(text.lowercased())
}

/// The text in double quotes, whatever it contains.
private func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\"": result += "\\\""
        case "\\": result += "\\\\"
        case "\n": result += "\\n"
        case "\t": result += "\\t"
        case "\r": result += "\\r"
        case _
        where scalar.properties.generalCategory == .control || scalar.value == 0xFEFF
            || (0x2028...0x2029).contains(scalar.value):
            let digits = String(scalar.value, radix: 16)
            result += "\\u" + String(repeating: "0", count: 4 - min(4, digits.count)) + digits
        default: result.unicodeScalars.append(scalar)
        }
    }
    return result + "\""
}
