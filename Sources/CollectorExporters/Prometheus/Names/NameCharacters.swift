// The alphabets of names. Names are handled as UTF-8 bytes: Swift compares strings by canonical equivalence, Prometheus
// by bytes.

extension UInt8 {
    var isASCIIDigit: Bool { self >= 0x30 && self <= 0x39 }
    var isASCIILetter: Bool { (self | 0x20) >= 0x61 && (self | 0x20) <= 0x7a }
    var isASCIIAlphanumeric: Bool { isASCIIDigit || isASCIILetter }
    /// Whether the byte continues a multi-byte character.
    var isUTF8Continuation: Bool { self & 0xc0 == 0x80 }

    static var underscore: UInt8 { 0x5f }
    static var colon: UInt8 { 0x3a }
    static var dot: UInt8 { 0x2e }
    static var space: UInt8 { 0x20 }
    static var comma: UInt8 { 0x2c }
    static var quote: UInt8 { 0x22 }
    static var backslash: UInt8 { 0x5c }
    static var lineFeed: UInt8 { 0x0a }
}

/// Which alphabet a name has.
enum NameAlphabet {
    /// `[a-zA-Z_:][a-zA-Z0-9_:]*`
    case metric
    /// `[a-zA-Z_][a-zA-Z0-9_]*`
    case label

    func contains(_ byte: UInt8, atStart: Bool) -> Bool {
        if byte.isASCIILetter || byte == .underscore { return true }
        if byte.isASCIIDigit { return !atStart }
        return byte == .colon && self == .metric
    }

    /// Whether `name` needs neither escaping nor quotes.
    func isValid(_ name: [UInt8]) -> Bool {
        guard let first = name.first, contains(first, atStart: true) else { return false }
        return name.allSatisfy { contains($0, atStart: false) }
    }
}

extension Array where Element == UInt8 {
    init(_ text: String) {
        self = Array(text.utf8)
    }

    init(_ text: StaticString) {
        self.init("\(text)")
    }

    /// Whether the last bytes are those of `suffix`.
    func hasSuffix(_ suffix: [UInt8]) -> Bool {
        count >= suffix.count && self[(count - suffix.count)...].elementsEqual(suffix)
    }

    func hasPrefix(_ prefix: [UInt8]) -> Bool {
        starts(with: prefix)
    }

    /// The bytes as text, for logs and tests.
    var text: String { String(decoding: self, as: UTF8.self) }
}

/// Whether `left` comes before `right` in byte order.
func precedes(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    left.lexicographicallyPrecedes(right)
}
