/// Whether the text uses aliases in a way that would cost the YAML parser exponential time.
///
/// The parser looks for duplicate keys by hashing each key whole. A key that is an alias of nested aliases therefore
/// costs as much as its expansion, before any tree exists that could be bounded. The collector's language has no keys
/// other than names, so text that has both signs of such keys and enough aliases to hurt is refused. Names in quoted
/// text and comments may be counted as signs; ordinary files have no complex keys, so that does not refuse them.
func hidesAliasesInKeys(_ text: String) -> Bool {
    /// With this many aliases the expansion is at most a few thousand times the text.
    let harmlessAliases = 20
    var aliases = 0
    var hasComplexKey = false
    var previous = UInt8(ascii: "\n")
    var bytes = Substring(text).utf8
    while let byte = bytes.popFirst() {
        defer { previous = byte }
        switch byte {
        case UInt8(ascii: "*") where beginsToken(after: previous) && bytes.first.map(isBlank) == false:
            aliases += 1
            let name = bytes.prefix { isAnchorByte($0) }
            if isKey(bytes[name.endIndex...]) { hasComplexKey = true }
        case UInt8(ascii: "?") where beginsToken(after: previous) && bytes.first.map(isBlank) != false:
            hasComplexKey = true
        case UInt8(ascii: "]"), UInt8(ascii: "}"):
            if isKey(bytes) { hasComplexKey = true }
        default: break
        }
    }
    return hasComplexKey && aliases > harmlessAliases
}

private func isBlank(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r")
}

private func beginsToken(after previous: UInt8) -> Bool {
    isBlank(previous) || previous >= 0x80 || "[{,:".utf8.contains(previous)
}

private func isAnchorByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"),
        UInt8(ascii: "_"), UInt8(ascii: "-"):
        true
    default: false
    }
}

/// Whether a colon follows, after blanks at most.
private func isKey(_ rest: Substring.UTF8View) -> Bool {
    rest.first { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") } == UInt8(ascii: ":")
}
