/// Base64 as proto3 JSON uses it for bytes: written in the standard alphabet with padding, read in the standard or the
/// URL-safe one, padded or not.
enum Base64 {
    /// Appends the encoded form of `content`.
    static func encode(_ content: Span<UInt8>, to output: inout [UInt8]) {
        var index = 0
        while index < content.count {
            let rest = content.count - index
            let first = UInt32(content[index])
            let second = rest > 1 ? UInt32(content[index + 1]) : 0
            let third = rest > 2 ? UInt32(content[index + 2]) : 0
            let group = first << 16 | second << 8 | third
            output.append(character(group >> 18))
            output.append(character(group >> 12))
            output.append(rest > 1 ? character(group >> 6) : UInt8(ascii: "="))
            output.append(rest > 2 ? character(group) : UInt8(ascii: "="))
            index += 3
        }
    }

    /// Calls `body` with the decoded bytes.
    ///
    /// - Returns: false when `text` is not base64; some bytes may have been passed on by then.
    static func decode(_ text: Span<UInt8>, _ body: (UInt8) -> Void) -> Bool {
        var end = text.count
        while end > 0, text.count - end < 2, text[end - 1] == UInt8(ascii: "=") { end -= 1 }
        // With padding whole groups of four; without, one character left over cannot hold a byte.
        guard end == text.count ? end % 4 != 1 : text.count % 4 == 0 else { return false }
        var group: UInt32 = 0
        var bits = 0
        for index in 0..<end {
            guard let value = value(of: text[index]) else { return false }
            group = (group << 6 | UInt32(value)) & 0xFF_FFFF
            bits += 6
            if bits >= 8 {
                bits -= 8
                body(UInt8(truncatingIfNeeded: group >> UInt32(bits)))
            }
        }
        return true
    }

    private static func character(_ group: UInt32) -> UInt8 {
        let value = UInt8(truncatingIfNeeded: group & 63)
        return switch value {
        case 0..<26: UInt8(ascii: "A") + value
        case 26..<52: UInt8(ascii: "a") + value - 26
        case 52..<62: UInt8(ascii: "0") + value - 52
        case 62: UInt8(ascii: "+")
        default: UInt8(ascii: "/")
        }
    }

    private static func value(of character: UInt8) -> UInt8? {
        switch character {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): character - UInt8(ascii: "A")
        case UInt8(ascii: "a")...UInt8(ascii: "z"): character - UInt8(ascii: "a") + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0") + 52
        case UInt8(ascii: "+"), UInt8(ascii: "-"): 62
        case UInt8(ascii: "/"), UInt8(ascii: "_"): 63
        default: nil
        }
    }
}
