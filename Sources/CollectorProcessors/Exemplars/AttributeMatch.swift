// Spans and points are compared by hashes of their attributes' keys and values, so that candidates can wait without
// their requests' bytes and a comparison costs no more than two numbers.

import OTLPWire

/// One attribute as two hashes.
struct HashedAttribute: Sendable, Hashable {
    private static let secret = UInt64.random(in: 1...UInt64.max)

    var key: UInt64
    var value: UInt64

    /// The hash of a key, as `key` has it.
    static func key(of text: String) -> UInt64 {
        let bytes = Array(text.utf8)
        return keyedHash(bytes.span, ByteRange(0, bytes.count), secret)
    }

    init(_ bytes: Span<UInt8>, _ attribute: Attribute) {
        key = keyedHash(bytes, attribute.key, Self.secret)
        // The type counts too: the number 200 is not the text "200".
        value =
            switch attribute.value {
            case .empty: 0
            case .string(let range): keyedHash(bytes, range, Self.secret) &+ 1
            case .bool(let flag): mixed(flag ? 3 : 2)
            case .int(let number): mixed(UInt64(bitPattern: number)) &+ 4
            case .double(let number): mixed(number.bitPattern) &+ 5
            case .array(let range): keyedHash(bytes, range, Self.secret) &+ 6
            case .keyValueList(let range): keyedHash(bytes, range, Self.secret) &+ 7
            case .bytes(let range): keyedHash(bytes, range, Self.secret) &+ 8
            }
    }
}

/// The attributes of a message by key; nil when there are more than `limit`, which no measured span has.
func hashedAttributes(
    _ bytes: Span<UInt8>, message: ByteRange, fieldNumber: UInt32, limit: Int = 128
) -> [UInt64: UInt64]? {
    var result: [UInt64: UInt64] = [:]
    var attributes = AttributeCursor(bytes, message: message, fieldNumber: fieldNumber)
    while let attribute = attributes.next() {
        let hashed = HashedAttribute(bytes, attribute)
        result[hashed.key] = hashed.value
        if result.count > limit { return nil }
    }
    return result
}

/// What of a span decides which series of its resource measure it: its kind, and those of its attributes that any of
/// the series has. Equal for all spans of an operation, so what it matches is found once.
struct SpanProjection: Sendable, Hashable {
    var kind: UInt8
    private var sum: UInt64 = 0
    private var count = 0

    init(kind: UInt8) {
        self.kind = kind
    }

    init(_ bytes: Span<UInt8>, span: SpanEntry, keys: Set<UInt64>) {
        kind = span.kind
        guard !keys.isEmpty else { return }
        var attributes = AttributeCursor(bytes, message: span.range, fieldNumber: 9)
        while let attribute = attributes.next() {
            let hashed = HashedAttribute(bytes, attribute)
            guard keys.contains(hashed.key) else { continue }
            sum &+= mixed(hashed.key ^ mixed(hashed.value))
            count += 1
        }
    }
}
