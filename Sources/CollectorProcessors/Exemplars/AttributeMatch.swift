// Spans and points are compared by hashes of their attributes' keys and values, so that candidates can wait without
// their requests' bytes and a comparison costs no more than two numbers.

import OTLPWire

/// One attribute as two hashes.
struct HashedAttribute: Sendable, Hashable {
    private static let secret = UInt64.random(in: 1...UInt64.max)
    /// Spans and series with more attributes are not compared (the default limit of SDKs is 128).
    static let limit = 128

    var key: UInt64
    var value: UInt64

    /// The hash of a key, as `key` has it.
    static func key(of text: String) -> UInt64 {
        let bytes = Array(text.utf8)
        return keyedHash(bytes.span, ByteRange(0, bytes.count), secret)
    }

    /// The hash of a text as a value, as `value` has it.
    static func value(of text: String) -> UInt64 {
        let bytes = Array(text.utf8)
        return value(bytes.span, text: ByteRange(0, bytes.count))
    }

    static func value(_ bytes: Span<UInt8>, text: ByteRange) -> UInt64 { keyedHash(bytes, text, secret) &+ 1 }

    init(key: UInt64, value: UInt64) {
        self.key = key
        self.value = value
    }

    init(_ bytes: Span<UInt8>, _ attribute: Attribute) {
        key = keyedHash(bytes, attribute.key, Self.secret)
        // The type counts too: the number 200 is not the text "200".
        value =
            switch attribute.value {
            case .empty: 0
            case .string(let range): Self.value(bytes, text: range)
            case .bool(let flag): mixed(flag ? 3 : 2)
            case .int(let number): mixed(UInt64(bitPattern: number)) &+ 4
            case .double(let number): mixed(number.bitPattern) &+ 5
            case .array(let range): keyedHash(bytes, range, Self.secret) &+ 6
            case .keyValueList(let range): keyedHash(bytes, range, Self.secret) &+ 7
            case .bytes(let range): keyedHash(bytes, range, Self.secret) &+ 8
            }
    }
}

/// What series are compared with: a span's attributes by key, and what it says of itself. Nil when there are more than
/// `HashedAttribute.limit` attributes, which no measured span has.
func hashedAttributes(_ bytes: Span<UInt8>, of span: SpanEntry, name: UInt64) -> [UInt64: UInt64]? {
    var result: [UInt64: UInt64] = [:]
    var attributes = AttributeCursor(bytes, message: span.range, fieldNumber: 9)
    while let attribute = attributes.next() {
        let hashed = HashedAttribute(bytes, attribute)
        result[hashed.key] = hashed.value
        if result.count > HashedAttribute.limit { return nil }
    }
    for field in SpanFields.all(of: span, name: name) { result[field.key] = field.value }
    return result
}

/// What of a span decides which series of its resource measure it: its kind, and those of its attributes and of what it
/// says of itself that any of the series has. Equal for all spans of an operation, so what it matches is found once.
struct SpanProjection: Sendable, Hashable {
    var kind: UInt8
    private var sum: UInt64 = 0
    private var count = 0

    init(_ bytes: Span<UInt8>, span: SpanEntry, name: UInt64, keys: Set<UInt64>) {
        kind = span.kind
        guard !keys.isEmpty else { return }
        for field in SpanFields.all(of: span, name: name) where keys.contains(field.key) { add(field) }
        var attributes = AttributeCursor(bytes, message: span.range, fieldNumber: 9)
        while let attribute = attributes.next() {
            let hashed = HashedAttribute(bytes, attribute)
            if keys.contains(hashed.key) { add(hashed) }
        }
    }

    private mutating func add(_ hashed: HashedAttribute) {
        sum &+= mixed(hashed.key ^ mixed(hashed.value))
        count += 1
    }
}
