// Connectors ask every span for its name and for a handful of its attributes. Walking the fields in this module, once, is
// several times cheaper than asking for them one by one through the views.

/// Finds the values of chosen attributes in one walk over a message. Allocates nothing after its making.
package struct AttributeFinder: Sendable {
    /// The keys one behind the other, and where each stands.
    private let texts: [UInt8]
    private let keys: [ByteRange]
    /// Bit n: there is a key of n bytes; bit 63: of 63 or more.
    private let lengths: UInt64
    /// The AnyValue of each key in the message that was walked last, the first one if it occurs again; nil when absent.
    package var values: [ByteRange?] { found }
    @usableFromInline var found: [ByteRange?]

    package init(keys: [String]) {
        var texts: [UInt8] = []
        self.keys = keys.map { key in
            let start = texts.count
            texts += Array(key.utf8)
            return ByteRange(start, texts.count)
        }
        self.texts = texts
        lengths = self.keys.reduce(0) { $0 | Self.bit($1.count) }
        found = Array(repeating: nil, count: keys.count)
    }

    /// The value of the key at `position`, without a copy of `values`.
    @inlinable package func value(_ position: Int) -> ByteRange? { found[position] }

    private static func bit(_ length: Int) -> UInt64 { 1 &<< UInt64(min(63, length)) }

    /// Walks a message.
    ///
    /// - Parameters:
    ///   - attributes: the number of its repeated KeyValue field.
    ///   - name: the number of another length-delimited field, whose last occurrence is returned; empty when there is
    ///     none.
    package mutating func find(
        _ bytes: Span<UInt8>, message: ByteRange, attributes: UInt32, name: UInt32
    ) -> ByteRange {
        for position in found.indices { found[position] = nil }
        var named = ByteRange.empty
        var reader = WireReader(bytes, message)
        while !reader.isAtEnd {
            guard let tag = reader.varint() else { break }
            switch tag & 7 {
            case 2:
                guard let payload = reader.lengthDelimited() else { return named }
                if tag >> 3 == UInt64(attributes) {
                    note(bytes, payload)
                } else if tag >> 3 == UInt64(name) {
                    named = payload
                }
            case 1: guard reader.skip(8) else { return named }
            case 5: guard reader.skip(4) else { return named }
            default: guard reader.varint() != nil else { return named }
            }
        }
        return named
    }

    /// Takes down the value of a KeyValue if its key is one of ours. Nearly always the key comes first, short, and is none.
    private mutating func note(_ bytes: Span<UInt8>, _ pair: ByteRange) {
        guard pair.count >= 2 else { return }
        let length = Int(bytes[pair.start &+ 1])
        guard bytes[pair.start] == 1 << 3 | 2, length < 0x80 else { return noteAnyForm(bytes, pair) }
        guard lengths & Self.bit(length) != 0, length &+ 2 <= pair.count else { return }
        let key = ByteRange(pair.start &+ 2, pair.start &+ 2 &+ length)
        for position in keys.indices where areEqual(bytes, key, texts.span, keys[position]) {
            var reader = WireReader(bytes, ByteRange(key.end, pair.end))
            guard reader.varint() == 2 << 3 | 2, let value = reader.lengthDelimited(), reader.isAtEnd else {
                return noteAnyForm(bytes, pair)
            }
            if found[position] == nil { found[position] = value }
        }
    }

    /// The same for a KeyValue in an unusual form: the value first, a long key, fields that nobody knows. Of several keys in
    /// one, which no encoder writes, any may be the one that counts.
    private mutating func noteAnyForm(_ bytes: Span<UInt8>, _ pair: ByteRange) {
        var key = ByteRange.empty
        var value = ByteRange.empty
        var reader = WireReader(bytes, pair)
        while !reader.isAtEnd {
            guard let tag = reader.varint() else { return }
            switch tag {
            case 1 << 3 | 2:
                guard let range = reader.lengthDelimited() else { return }
                key = range
            case 2 << 3 | 2:
                guard let range = reader.lengthDelimited() else { return }
                value = range
            default:
                guard skip(&reader, tag) else { return }
            }
        }
        for position in keys.indices where found[position] == nil {
            if areEqual(bytes, key, texts.span, keys[position]) { found[position] = value }
        }
    }

    private func skip(_ reader: inout WireReader, _ tag: UInt64) -> Bool {
        switch tag & 7 {
        case 0: reader.varint() != nil
        case 1: reader.skip(8)
        case 2: reader.lengthDelimited() != nil
        case 5: reader.skip(4)
        default: false
        }
    }
}
