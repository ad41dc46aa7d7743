import OTLPWire

/// What a span's attribute `sampling.priority` asks for (OpenTracing's semantic conventions).
enum SamplingPriority {
    case keep, drop

    private static let key: StaticString = "sampling.priority"

    /// A number, or text that is one: 0 drops, more than 0 keeps; anything else says nothing.
    init?(_ bytes: Span<UInt8>, span: ByteRange) {
        var fields = FieldCursor(bytes, span)
        while let field = fields.next() {
            guard field.number == 9, case .bytes(let range) = field.value, Self.mayHaveKey(bytes, range) else {
                continue
            }
            let attribute = Attribute(bytes, keyValue: range)
            guard matches(bytes, attribute.key, Self.key) else { continue }
            self.init(bytes, attribute.value)
            return
        }
        return nil
    }

    /// Tells nearly all other attributes by two bytes: this is asked about every attribute of every span. A KeyValue
    /// begins with its key, unless its sender is strange, and then it is looked at in full.
    private static func mayHaveKey(_ bytes: Span<UInt8>, _ keyValue: ByteRange) -> Bool {
        guard keyValue.count > 2 else { return false }
        return bytes[keyValue.start] != 1 << 3 | 2 || bytes[keyValue.start + 1] == UInt8(key.utf8CodeUnitCount)
    }

    private init?(_ bytes: Span<UInt8>, _ value: AttributeValue) {
        switch value {
        case .int(let number): self.init(Double(number))
        case .double(let number): self.init(number)
        case .string(let range):
            guard let number = Double(text(bytes, range)) else { return nil }
            self.init(number)
        default: return nil
        }
    }

    private init?(_ value: Double) {
        if value == 0 {
            self = .drop
        } else if value > 0 {
            self = .keep
        } else {
            return nil
        }
    }
}
