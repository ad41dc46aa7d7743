import OTLPWire

/// The value of one part of a key: text, number or boolean. Anything else counts as empty, as does what is missing.
struct TraceKeyValue {
    private let value: AttributeValue

    /// Longer texts are cut.
    static let longestText = 256

    /// What a resource says: the value for its spans that say nothing else.
    init(_ part: TraceKeyPart, resource: ByteRange, _ bytes: Span<UInt8>) {
        value =
            switch part {
            // A trace without a root has no name of one.
            case .rootSpanName: .empty
            case .attribute(let key): Self.clipped(Self.attribute(key, of: resource, field: 1, bytes) ?? .empty, bytes)
            }
    }

    /// What a root span says.
    /// - Parameter resource: what its resource says.
    init(_ part: TraceKeyPart, root: ByteRange, resource: TraceKeyValue, _ bytes: Span<UInt8>) {
        switch part {
        case .rootSpanName:
            let name = payload(of: 5, in: root, bytes)
            value = name.map { .string(Self.clipped($0, bytes)) } ?? .empty
        case .attribute(let key):
            let found = part.needsSpan ? Self.attribute(key, of: root, field: 9, bytes) : nil
            value = found.map { Self.clipped($0, bytes) } ?? resource.value
        }
    }

    /// Adds the value to the hash of the parts before.
    func hash(_ state: UInt64, _ bytes: Span<UInt8>) -> UInt64 {
        switch value {
        case .string(let range): keyedHash(bytes, range, state)
        case .bool(let value): mixed(state ^ (value ? 0xb1 : 0xb0))
        case .int(let value): mixed(mixed(state ^ 0x1) ^ UInt64(bitPattern: value))
        case .double(let value): mixed(mixed(state ^ 0xd) ^ value.bitPattern)
        case .empty, .array, .keyValueList, .bytes: keyedHash(bytes, .empty, state)
        }
    }

    func text(_ bytes: Span<UInt8>) -> String {
        switch value {
        case .string(let range): OTLPWire.text(bytes, range)
        case .bool(let value): "\(value)"
        case .int(let value): "\(value)"
        case .double(let value): "\(value)"
        case .empty, .array, .keyValueList, .bytes: ""
        }
    }

    private static func attribute(
        _ key: String, of message: ByteRange, field: UInt32, _ bytes: Span<UInt8>
    ) -> AttributeValue? {
        var attributes = AttributeCursor(bytes, message: message, fieldNumber: field)
        while let attribute = attributes.next() {
            if isEqual(attribute.key, key, bytes) { return attribute.value }
        }
        return nil
    }

    private static func isEqual(_ range: ByteRange, _ text: String, _ bytes: Span<UInt8>) -> Bool {
        let expected = text.utf8
        guard range.count == expected.count else { return false }
        var at = range.start
        for byte in expected {
            if bytes[at] != byte { return false }
            at &+= 1
        }
        return true
    }

    private static func clipped(_ value: AttributeValue, _ bytes: Span<UInt8>) -> AttributeValue {
        if case .string(let text) = value { .string(clipped(text, bytes)) } else { value }
    }

    /// Cut between two characters.
    private static func clipped(_ range: ByteRange, _ bytes: Span<UInt8>) -> ByteRange {
        guard range.count > longestText else { return range }
        var end = range.start &+ longestText
        while end > range.start, bytes[end] & 0xc0 == 0x80 { end &-= 1 }
        return ByteRange(range.start, end)
    }
}
