extension String {
    /// One line that is safe to show on a terminal: what moves the cursor, ends the line, reverses the direction of
    /// writing or cannot be seen is spelled out, as `\n` or `\u{1b}`. What senders wrote must not forge lines of ours.
    package var printable: String {
        var result = ""
        for scalar in unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator:
                switch scalar {
                case "\n": result += "\\n"
                case "\r": result += "\\r"
                case "\t": result += "\\t"
                default: result += "\\u{\(String(scalar.value, radix: 16))}"
                }
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// At most `limit` characters, the rest told by an ellipsis: for messages that repeat what was asked.
    package func clipped(to limit: Int) -> String {
        count > limit ? prefix(limit) + "…" : self
    }
}
