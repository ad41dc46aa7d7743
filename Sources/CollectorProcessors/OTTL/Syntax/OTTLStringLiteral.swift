/// Reads one string literal: double quotes, with the escapes of Go's interpreted strings.
struct OTTLStringLiteral {
    private let text: String
    private let bytes: [UInt8]
    /// At the opening quote before `read`, behind the closing one after it.
    private(set) var at: Int

    init(_ text: String, _ bytes: [UInt8], at: Int) {
        self.text = text
        self.bytes = bytes
        self.at = at
    }

    mutating func read() throws(OTTLError) -> [UInt8] {
        let start = at
        at += 1
        var value: [UInt8] = []
        while at < bytes.count {
            let byte = bytes[at]
            switch byte {
            case UInt8(ascii: "\""):
                at += 1
                return value
            case UInt8(ascii: "\\"): try readEscape(into: &value)
            case 0x0a: throw OTTLError(text, offset: at, #"a string ends on its line; write \n for a line break"#)
            default:
                value.append(byte)
                at += 1
            }
        }
        throw OTTLError(text, offset: start, #"this string has no closing `"`"#)
    }

    private mutating func readEscape(into value: inout [UInt8]) throws(OTTLError) {
        let start = at
        guard at + 1 < bytes.count else { throw OTTLError(text, offset: start, #"this string has no closing `"`"#) }
        at += 2
        switch bytes[at - 1] {
        case UInt8(ascii: "a"): value.append(0x07)
        case UInt8(ascii: "b"): value.append(0x08)
        case UInt8(ascii: "f"): value.append(0x0c)
        case UInt8(ascii: "n"): value.append(0x0a)
        case UInt8(ascii: "r"): value.append(0x0d)
        case UInt8(ascii: "t"): value.append(0x09)
        case UInt8(ascii: "v"): value.append(0x0b)
        case UInt8(ascii: "\\"), UInt8(ascii: "\""): value.append(bytes[at - 1])
        case UInt8(ascii: "x"): value.append(UInt8(truncatingIfNeeded: try digits(2, radix: 16, start)))
        case UInt8(ascii: "u"): try append(digits(4, radix: 16, start), start, to: &value)
        case UInt8(ascii: "U"): try append(digits(8, radix: 16, start), start, to: &value)
        case UInt8(ascii: "0")...UInt8(ascii: "7"):
            at -= 1
            guard let byte = UInt8(exactly: try digits(3, radix: 8, start)) else { throw invalid(start) }
            value.append(byte)
        default: throw invalid(start)
        }
    }

    private mutating func digits(_ count: Int, radix: UInt32, _ start: Int) throws(OTTLError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<count {
            guard at < bytes.count, let digit = hexadecimalDigit(bytes[at]), digit < radix else { throw invalid(start) }
            // Eight hexadecimal digits fit exactly.
            value = value &* radix &+ UInt32(digit)
            at += 1
        }
        return value
    }

    private func append(_ code: UInt32, _ start: Int, to value: inout [UInt8]) throws(OTTLError) {
        guard let scalar = Unicode.Scalar(code) else { throw invalid(start) }
        value += Array(String(Character(scalar)).utf8)
    }

    private func invalid(_ start: Int) -> OTTLError {
        let escape = String(decoding: bytes[start...].prefix(5), as: UTF8.self).prefix(2)
        return OTTLError(
            text, offset: start, #"`\#(escape)` is no escape of Go's strings; a backslash itself is written `\\`"#)
    }
}
