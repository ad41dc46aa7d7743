/// JSON text in the making: tokens straight into one byte array.
struct JSONOutput {
    private(set) var bytes: [UInt8] = []

    mutating func reserve(_ count: Int) {
        bytes.reserveCapacity(count)
    }

    /// Punctuation.
    mutating func append(_ byte: UInt8) {
        bytes.append(byte)
    }

    /// Text that is JSON already.
    mutating func append(_ text: some Sequence<UInt8>) {
        bytes.append(contentsOf: text)
    }

    /// A string token. Bytes that are not UTF-8 become U+FFFD, so that the text stays JSON whatever it is given.
    mutating func string(_ content: Span<UInt8>) {
        bytes.append(UInt8(ascii: "\""))
        if (try? UTF8Span(validating: content)) != nil {
            escaped(content)
        } else {
            escaped(Array(String(decoding: Array(copying: content), as: UTF8.self).utf8).span)
        }
        bytes.append(UInt8(ascii: "\""))
    }

    mutating func unsigned(_ value: UInt64) {
        if value < 10 { return bytes.append(UInt8(ascii: "0") + UInt8(value)) }
        let start = bytes.count
        var rest = value
        while rest > 0 {
            let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
            bytes.append(UInt8(ascii: "0") + UInt8(digit))
            rest = quotient
        }
        bytes[start...].reverse()
    }

    mutating func signed(_ value: Int64) {
        if value < 0 { bytes.append(UInt8(ascii: "-")) }
        unsigned(value.magnitude)
    }

    /// A number token, the shortest that reads back as the same double; `"NaN"`, `"Infinity"` and `"-Infinity"` for the
    /// rest.
    mutating func double(_ value: Double) {
        if value.isNaN { return bytes.append(contentsOf: #""NaN""#.utf8) }
        if value.isInfinite { return bytes.append(contentsOf: (value < 0 ? #""-Infinity""# : #""Infinity""#).utf8) }
        // Swift writes the shortest form, with an exponent JSON can read, but "1.0" for 1.
        let text = value.description
        bytes.append(contentsOf: text.utf8)
        if text.utf8.suffix(2).elementsEqual(".0".utf8) { bytes.removeLast(2) }
    }

    /// A string token of lower-case hexadecimal digits.
    mutating func hexadecimal(_ content: Span<UInt8>) {
        bytes.append(UInt8(ascii: "\""))
        for index in content.indices {
            bytes.append(Hexadecimal.digit(of: content[index] >> 4))
            bytes.append(Hexadecimal.digit(of: content[index] & 15))
        }
        bytes.append(UInt8(ascii: "\""))
    }

    /// A string token of base64.
    mutating func base64(_ content: Span<UInt8>) {
        bytes.append(UInt8(ascii: "\""))
        Base64.encode(content, to: &bytes)
        bytes.append(UInt8(ascii: "\""))
    }

    /// A duration as a string token: seconds with as many decimals (0, 3, 6 or 9) as needed, and the letter s.
    mutating func duration(seconds: Int64, nanoseconds: Int32) {
        bytes.append(UInt8(ascii: "\""))
        if seconds < 0 || nanoseconds < 0 { bytes.append(UInt8(ascii: "-")) }
        unsigned(seconds.magnitude)
        var fraction = nanoseconds.magnitude % 1_000_000_000
        if fraction != 0 {
            bytes.append(UInt8(ascii: "."))
            var digits = 9
            while fraction % 1000 == 0 {
                fraction /= 1000
                digits -= 3
            }
            let text = String(fraction)
            bytes.append(contentsOf: repeatElement(UInt8(ascii: "0"), count: max(0, digits - text.utf8.count)))
            bytes.append(contentsOf: text.utf8)
        }
        bytes.append(contentsOf: #"s""#.utf8)
    }

    private mutating func escaped(_ content: Span<UInt8>) {
        // Runs without escapes are copied whole.
        var copied = 0
        for index in content.indices {
            let byte = content[index]
            guard byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") else { continue }
            bytes.append(copying: content.extracting(copied..<index))
            copied = index + 1
            escape(byte)
        }
        bytes.append(copying: content.extracting(copied..<content.count))
    }

    private mutating func escape(_ byte: UInt8) {
        bytes.append(UInt8(ascii: "\\"))
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes.append(byte)
        case 0x0A: bytes.append(UInt8(ascii: "n"))
        case 0x0D: bytes.append(UInt8(ascii: "r"))
        case 0x09: bytes.append(UInt8(ascii: "t"))
        default:
            bytes.append(contentsOf: "u00".utf8)
            bytes.append(Hexadecimal.digit(of: byte >> 4))
            bytes.append(Hexadecimal.digit(of: byte & 15))
        }
    }
}
