/// Cuts a condition's text into tokens.
struct OTTLLexer {
    private let text: String
    private let bytes: [UInt8]
    private var at = 0

    init(_ text: String) {
        self.text = text
        bytes = Array(text.utf8)
    }

    /// All tokens; the last one is `end`.
    static func tokens(of text: String) throws(OTTLError) -> [OTTLToken] {
        var lexer = OTTLLexer(text)
        var tokens: [OTTLToken] = []
        repeat { tokens.append(try lexer.next()) } while tokens.last?.kind != .end
        return tokens
    }

    private mutating func next() throws(OTTLError) -> OTTLToken {
        while at < bytes.count, [0x20, 0x09, 0x0a, 0x0d].contains(bytes[at]) { at += 1 }
        let start = at
        guard at < bytes.count else { return OTTLToken(kind: .end, offset: start) }
        switch bytes[at] {
        case UInt8(ascii: "a")...UInt8(ascii: "z"): return OTTLToken(kind: .lowercase(name()), offset: start)
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): return OTTLToken(kind: .uppercase(name()), offset: start)
        case UInt8(ascii: "\""):
            var literal = OTTLStringLiteral(text, bytes, at: at)
            let value = try literal.read()
            at = literal.at
            return OTTLToken(kind: .string(value), offset: start)
        case UInt8(ascii: "0")...UInt8(ascii: "9"): return OTTLToken(kind: try number(), offset: start)
        case UInt8(ascii: ".") where isDigit(at + 1): return OTTLToken(kind: try number(), offset: start)
        default: return OTTLToken(kind: .symbol(try symbol()), offset: start)
        }
    }

    private mutating func name() -> String {
        let start = at
        while at < bytes.count, isNameByte(bytes[at]) { at += 1 }
        return String(decoding: bytes[start..<at], as: UTF8.self)
    }

    private mutating func number() throws(OTTLError) -> OTTLToken.Kind {
        if bytes[at] == UInt8(ascii: "0"), at + 1 < bytes.count, bytes[at + 1] == UInt8(ascii: "x") {
            return try hexadecimal()
        }
        let start = at
        skipDigits()
        guard at < bytes.count, bytes[at] == UInt8(ascii: "."), isDigit(at + 1) else {
            let digits = String(decoding: bytes[start..<at], as: UTF8.self)
            guard let value = UInt64(digits) else { throw error(start, "\(digits) is beyond 64 bits") }
            return .int(value)
        }
        at += 1
        skipDigits()
        skipExponent()
        let digits = String(decoding: bytes[start..<at], as: UTF8.self)
        guard let value = Double(digits.hasPrefix(".") ? "0" + digits : digits), value.isFinite else {
            throw error(start, "\(digits) is beyond the range of floats")
        }
        return .float(value)
    }

    private mutating func hexadecimal() throws(OTTLError) -> OTTLToken.Kind {
        let start = at
        at += 2
        var digits: [UInt8] = []
        while at < bytes.count, let digit = hexadecimalDigit(bytes[at]) {
            digits.append(digit)
            at += 1
        }
        guard !digits.isEmpty, digits.count.isMultiple(of: 2) else {
            throw error(start, "bytes are written as `0x` and two hexadecimal digits for each, such as 0x00ff")
        }
        return .bytes(stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] })
    }

    private mutating func skipDigits() {
        while isDigit(at) { at += 1 }
    }

    private mutating func skipExponent() {
        guard at < bytes.count, bytes[at] | 0x20 == UInt8(ascii: "e") else { return }
        let isSigned =
            at + 1 < bytes.count && (bytes[at + 1] == UInt8(ascii: "-") || bytes[at + 1] == UInt8(ascii: "+"))
        guard isDigit(at + (isSigned ? 2 : 1)) else { return }
        at += isSigned ? 2 : 1
        skipDigits()
    }

    private mutating func symbol() throws(OTTLError) -> String {
        for candidate in ["==", "!=", "<=", ">=", "<", ">", "=", "+", "-", "*", "/", "(", ")", "[", "]", ",", "."]
        where bytes[at...].starts(with: candidate.utf8) {
            at += candidate.utf8.count
            return candidate
        }
        switch bytes[at] {
        case UInt8(ascii: "{"), UInt8(ascii: "}"): throw error(at, "map literals are not supported")
        case UInt8(ascii: "&"): throw error(at, "`&` is not OTTL; did you mean `and`?")
        case UInt8(ascii: "|"): throw error(at, "`|` is not OTTL; did you mean `or`?")
        case UInt8(ascii: "!"): throw error(at, "`!` is not OTTL; did you mean `not`?")
        case UInt8(ascii: "'"), UInt8(ascii: "`"): throw error(at, "strings are written in double quotes")
        default:
            let rest = String(decoding: bytes[at...].prefix(4), as: UTF8.self)
            throw error(at, "`\(rest.first ?? " ")` is not OTTL")
        }
    }

    private func isDigit(_ position: Int) -> Bool {
        position < bytes.count && (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[position])
    }

    private func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }

    private func error(_ offset: Int, _ reason: String) -> OTTLError {
        OTTLError(text, offset: offset, reason)
    }
}

extension OTTLError {
    /// - Parameter offset: where in the text, in bytes.
    init(_ text: String, offset: Int, _ reason: String) {
        // Bytes that continue a character are not counted.
        let column = text.utf8.prefix(offset).count { $0 & 0xc0 != 0x80 } + 1
        self.init(text: text, column: column, reason: reason)
    }
}

/// The value of a hexadecimal digit of any letter case; nil for anything else.
func hexadecimalDigit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
}
