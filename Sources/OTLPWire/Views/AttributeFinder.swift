// Connectors ask every span for its name and for a handful of its attributes. Walking the fields in this module, once, is
// several times cheaper than asking for them one by one through the views.

/// Finds the values of chosen attributes in one walk over a message. Allocates nothing after its making.
package struct AttributeFinder: Sendable {
    private let keys: [[UInt8]]
    /// Bit n: there is a key of n bytes; bit 63: of 63 or more.
    private let lengths: UInt64
    /// The AnyValue of each key in the message that was walked last, the first one if it occurs again; nil when absent.
    package private(set) var values: [ByteRange?]

    package init(keys: [String]) {
        self.keys = keys.map { Array($0.utf8) }
        lengths = self.keys.reduce(0) { $0 | Self.bit($1.count) }
        values = Array(repeating: nil, count: keys.count)
    }

    private static func bit(_ length: Int) -> UInt64 { 1 << UInt64(min(63, length)) }

    /// Walks a message.
    ///
    /// - Parameters:
    ///   - attributes: the number of its repeated KeyValue field.
    ///   - name: the number of another length-delimited field, whose last occurrence is returned; empty when there is
    ///     none.
    package mutating func find(
        _ bytes: Span<UInt8>, message: ByteRange, attributes: UInt32, name: UInt32
    ) -> ByteRange {
        for position in values.indices { values[position] = nil }
        var found = ByteRange.empty
        var reader = WireReader(bytes, message)
        while !reader.isAtEnd {
            guard let tag = reader.varint() else { break }
            switch tag & 7 {
            case 2:
                guard let payload = reader.lengthDelimited() else { return found }
                if tag >> 3 == UInt64(attributes) {
                    if !keys.isEmpty { note(bytes, payload) }
                } else if tag >> 3 == UInt64(name) {
                    found = payload
                }
            case 1: guard reader.skip(8) else { return found }
            case 5: guard reader.skip(4) else { return found }
            default: guard reader.varint() != nil else { return found }
            }
        }
        return found
    }

    /// Takes down the value of a KeyValue if its key is one of ours.
    private mutating func note(_ bytes: Span<UInt8>, _ pair: ByteRange) {
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
            // Nearly always the key comes first, and nearly always it is none of ours.
            if value.isEmpty, !key.isEmpty, lengths & Self.bit(key.count) == 0 { return }
        }
        for position in keys.indices where keys[position].count == key.count {
            if values[position] == nil, isEqual(bytes, key, keys[position]) { values[position] = value }
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

    private func isEqual(_ bytes: Span<UInt8>, _ range: ByteRange, _ text: [UInt8]) -> Bool {
        let key = text.span
        var offset = 0
        while offset &+ 8 <= key.count {
            if loadLittleEndian64(bytes, range.start &+ offset) != loadLittleEndian64(key, offset) { return false }
            offset &+= 8
        }
        while offset < key.count {
            if bytes[range.start &+ offset] != key[offset] { return false }
            offset &+= 1
        }
        return true
    }
}
