extension JSONCursor {
    /// Moves past the escape at `position`, checking it: with that, `forEachUnescaped` cannot fail.
    mutating func escape() throws(JSONFault) {
        let start = position
        guard start + 1 < bytes.count else { throw JSONFault(offset: start, problem: "this escape is cut off") }
        switch bytes[start + 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            position += 2
        case UInt8(ascii: "u"):
            guard let unit = codeUnit(at: start) else {
                throw JSONFault(offset: start, problem: "\\u must be followed by four hexadecimal digits")
            }
            position += 6
            if !UTF16.isSurrogate(unit) { return }
            guard UTF16.isLeadSurrogate(unit), let trail = codeUnit(at: position), UTF16.isTrailSurrogate(trail) else {
                throw JSONFault(
                    offset: start,
                    problem: "half of a surrogate pair; \\uD800 to \\uDFFF stand only in pairs, high then low")
            }
            position += 6
        default:
            throw JSONFault(
                offset: start, problem: "unknown escape; \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX are those of JSON")
        }
    }

    /// Calls `body` with the UTF-8 bytes of a text, escapes resolved.
    func forEachUnescaped(_ text: Text, _ body: (UInt8) -> Void) {
        var position = text.range.lowerBound
        while position < text.range.upperBound {
            let byte = bytes[position]
            guard byte == UInt8(ascii: "\\"), position + 1 < text.range.upperBound else {
                body(byte)
                position += 1
                continue
            }
            let letter = bytes[position + 1]
            guard letter == UInt8(ascii: "u") else {
                body(Self.simpleEscape(letter))
                position += 2
                continue
            }
            let unit = codeUnit(at: position) ?? 0
            position += 6
            var scalar = UInt32(unit)
            if UTF16.isLeadSurrogate(unit) {
                let trail = codeUnit(at: position) ?? 0
                position += 6
                scalar = 0x10000 + (UInt32(unit & 0x3FF) << 10 | UInt32(trail & 0x3FF))
            }
            // Pairs were checked, so this is a scalar.
            for byte in UTF8.encode(Unicode.Scalar(scalar) ?? "\u{FFFD}") ?? .init() { body(byte) }
        }
    }

    /// The bytes of a text, escapes resolved.
    func unescaped(_ text: Text) -> [UInt8] {
        if !text.hasEscapes { return Array(copying: bytes.extracting(text.range)) }
        var result: [UInt8] = []
        result.reserveCapacity(text.range.count)
        forEachUnescaped(text) { result.append($0) }
        return result
    }

    private static func simpleEscape(_ letter: UInt8) -> UInt8 {
        switch letter {
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "f"): 0x0C
        case UInt8(ascii: "n"): 0x0A
        case UInt8(ascii: "r"): 0x0D
        case UInt8(ascii: "t"): 0x09
        default: letter
        }
    }

    /// The UTF-16 code unit of the `\uXXXX` at `start`.
    private func codeUnit(at start: Int) -> UInt16? {
        guard start + 6 <= bytes.count, bytes[start] == UInt8(ascii: "\\"), bytes[start + 1] == UInt8(ascii: "u") else {
            return nil
        }
        var unit: UInt16 = 0
        for index in start + 2..<start + 6 {
            guard let digit = Hexadecimal.value(of: bytes[index]) else { return nil }
            unit = unit << 4 | UInt16(digit)
        }
        return unit
    }
}
