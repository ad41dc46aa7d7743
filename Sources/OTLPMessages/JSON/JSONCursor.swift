/// Reads the tokens of a JSON text (RFC 8259) that is valid UTF-8.
struct JSONCursor: ~Escapable {
    let bytes: Span<UInt8>
    /// Where the next token or the space before it begins.
    var position = 0

    @_lifetime(copy bytes)
    init(_ bytes: Span<UInt8>) {
        self.bytes = bytes
    }

    /// The content of a string token, without its quotes; its escapes have been checked.
    struct Text {
        let range: Range<Int>
        let hasEscapes: Bool
    }

    /// The first byte of the next token; nil at the end.
    mutating func peek() -> UInt8? {
        while position < bytes.count {
            let byte = bytes[position]
            switch byte {
            case UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: "\t"): position += 1
            default: return byte
            }
        }
        return nil
    }

    /// Moves past `byte` if it is the next token.
    mutating func consume(_ byte: UInt8) -> Bool {
        guard peek() == byte else { return false }
        position += 1
        return true
    }

    /// Moves past `byte`, which must be the next token; `what` says what it belongs to.
    mutating func expect(_ byte: UInt8, _ what: StaticString) throws(JSONFault) {
        guard consume(byte) else { throw unexpected("\(what)") }
    }

    /// Moves past `null` if that is the next token.
    mutating func consumeNull() -> Bool {
        peek() == UInt8(ascii: "n") && consume(literal: "null")
    }

    /// Moves past a bool; nil when the next token is something else.
    mutating func bool() -> Bool? {
        if peek() == UInt8(ascii: "t"), consume(literal: "true") { return true }
        if peek() == UInt8(ascii: "f"), consume(literal: "false") { return false }
        return nil
    }

    private mutating func consume(literal: StaticString) -> Bool {
        let length = literal.utf8CodeUnitCount
        guard bytes.count - position >= length else { return false }
        for index in 0..<length {
            // Within the literal, which is constant ASCII.
            guard unsafe bytes[position + index] == literal.utf8Start[index] else { return false }
        }
        position += length
        return true
    }

    mutating func string() throws(JSONFault) -> Text {
        try expect(UInt8(ascii: "\""), "a string")
        let start = position
        var hasEscapes = false
        while position < bytes.count {
            let byte = bytes[position]
            if byte == UInt8(ascii: "\"") {
                position += 1
                return Text(range: start..<position - 1, hasEscapes: hasEscapes)
            }
            if byte == UInt8(ascii: "\\") {
                hasEscapes = true
                try escape()
            } else if byte < 0x20 {
                throw JSONFault(
                    offset: position, problem: "a control character in a string must be written as an escape")
            } else {
                position += 1
            }
        }
        throw JSONFault(offset: start - 1, problem: "this string has no closing quote")
    }

    /// Moves past a number.
    mutating func number() throws(JSONFault) -> Range<Int> {
        guard let first = peek(), first == UInt8(ascii: "-") || Self.isDigit(first) else {
            throw unexpected("a number")
        }
        let start = position
        if first == UInt8(ascii: "-") { position += 1 }
        let integerStart = position
        let integerDigits = digits()
        // No leading zeros: 0 stands alone.
        guard integerDigits > 0, integerDigits == 1 || bytes[integerStart] != UInt8(ascii: "0") else {
            throw JSONFault(offset: start, problem: "not a number as JSON writes it")
        }
        if next(is: UInt8(ascii: ".")) {
            position += 1
            guard digits() > 0 else {
                throw JSONFault(offset: start, problem: "this number has no digit after its point")
            }
        }
        if next(is: UInt8(ascii: "e")) || next(is: UInt8(ascii: "E")) {
            position += 1
            if next(is: UInt8(ascii: "+")) || next(is: UInt8(ascii: "-")) { position += 1 }
            guard digits() > 0 else {
                throw JSONFault(offset: start, problem: "this number has no digit in its exponent")
            }
        }
        return start..<position
    }

    /// Moves past any value.
    mutating func skipValue(depth: Int = 0) throws(JSONFault) {
        guard depth < MessageLimits.depth else {
            throw JSONFault(
                reason: .tooDeep, offset: position, problem: "nested deeper than \(MessageLimits.depth) levels")
        }
        switch peek() {
        case UInt8(ascii: "{"):
            position += 1
            if consume(UInt8(ascii: "}")) { return }
            repeat {
                _ = try string()
                try expect(UInt8(ascii: ":"), "':' after a name")
                try skipValue(depth: depth + 1)
            } while consume(UInt8(ascii: ","))
            try expect(UInt8(ascii: "}"), "',' or '}'")
        case UInt8(ascii: "["):
            position += 1
            if consume(UInt8(ascii: "]")) { return }
            repeat {
                try skipValue(depth: depth + 1)
            } while consume(UInt8(ascii: ","))
            try expect(UInt8(ascii: "]"), "',' or ']'")
        case UInt8(ascii: "\""): _ = try string()
        case UInt8(ascii: "t"), UInt8(ascii: "f"):
            guard bool() != nil else { throw unexpected("a value") }
        case UInt8(ascii: "n"):
            guard consumeNull() else { throw unexpected("a value") }
        default: _ = try number()
        }
    }

    /// The error for a token that is not `expected`.
    mutating func unexpected(_ expected: String) -> JSONFault {
        guard let byte = peek() else {
            return JSONFault(offset: position, problem: "expected \(expected), found the end")
        }
        let found =
            switch byte {
            case UInt8(ascii: "\""): "a string"
            case UInt8(ascii: "{"): "an object"
            case UInt8(ascii: "["): "an array"
            case UInt8(ascii: "t"), UInt8(ascii: "f"): "a bool"
            case UInt8(ascii: "n"): "null"
            case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): "a number"
            case 0x21...0x7E: "'\(Character(Unicode.Scalar(byte)))'"
            default: "byte \(byte)"
            }
        return JSONFault(offset: position, problem: "expected \(expected), found \(found)")
    }

    /// The beginning of a string or number, for an error message.
    func excerpt(_ text: Text) -> String {
        let shown = text.range.prefix(40)
        return String(decoding: Array(copying: bytes.extracting(shown)), as: UTF8.self)
            + (shown.count < text.range.count ? "..." : "")
    }

    private func next(is byte: UInt8) -> Bool { position < bytes.count && bytes[position] == byte }

    /// Moves past digits and counts them.
    private mutating func digits() -> Int {
        let start = position
        while position < bytes.count, Self.isDigit(bytes[position]) { position += 1 }
        return position - start
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }
}
