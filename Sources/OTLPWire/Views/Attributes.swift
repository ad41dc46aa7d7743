/// A value of an attribute, as a view: strings, bytes and nested messages are ranges of the request's bytes.
package enum AttributeValue: Sendable {
    /// The AnyValue is absent or has no member set.
    case empty
    case string(ByteRange)
    case bool(Bool)
    case int(Int64)
    case double(Double)
    /// An ArrayValue message.
    case array(ByteRange)
    /// A KeyValueList message.
    case keyValueList(ByteRange)
    case bytes(ByteRange)

    /// Reads an AnyValue message; the last member of the oneof counts.
    package init(_ bytes: Span<UInt8>, anyValue range: ByteRange) {
        self = .empty
        var fields = FieldCursor(bytes, range)
        while let field = fields.next() {
            switch field.number {
            case 1: self = .string(field.payload)
            case 2: self = .bool(field.scalar != 0)
            case 3: self = .int(Int64(bitPattern: field.scalar))
            case 4: self = .double(Double(bitPattern: field.scalar))
            case 5: self = .array(field.payload)
            case 6: self = .keyValueList(field.payload)
            case 7: self = .bytes(field.payload)
            default: break
            }
        }
    }
}

/// One KeyValue message, as a view.
package struct Attribute: Sendable {
    package var key: ByteRange
    package var value: AttributeValue

    package init(_ bytes: Span<UInt8>, keyValue range: ByteRange) {
        key = .empty
        value = .empty
        var fields = FieldCursor(bytes, range)
        while let field = fields.next() {
            switch field.number {
            case 1: key = field.payload
            case 2: value = AttributeValue(bytes, anyValue: field.payload)
            default: break
            }
        }
    }
}

/// Walks the attributes of a message: all occurrences of its repeated KeyValue field.
package struct AttributeCursor: ~Escapable {
    private let bytes: Span<UInt8>
    private var fields: FieldCursor
    private let fieldNumber: UInt32

    /// - Parameter fieldNumber: the number of the message's `attributes` (Resource 1, Span 9, NumberDataPoint 7, …).
    @_lifetime(copy bytes)
    package init(_ bytes: Span<UInt8>, message: ByteRange, fieldNumber: UInt32) {
        self.bytes = bytes
        self.fieldNumber = fieldNumber
        fields = FieldCursor(bytes, message)
    }

    @_lifetime(self: copy self)
    package mutating func next() -> Attribute? {
        while let field = fields.next() {
            if field.number == fieldNumber, case .bytes(let range) = field.value {
                return Attribute(bytes, keyValue: range)
            }
        }
        return nil
    }
}

/// The payload of the last occurrence of a length-delimited field; nil when there is none.
package func payload(of fieldNumber: UInt32, in message: ByteRange, _ bytes: Span<UInt8>) -> ByteRange? {
    var fields = FieldCursor(bytes, message)
    var found: ByteRange?
    while let field = fields.next() {
        if field.number == fieldNumber, case .bytes(let range) = field.value { found = range }
    }
    return found
}

/// Whether the bytes of `range` are those of `text`.
package func matches(_ bytes: Span<UInt8>, _ range: ByteRange, _ text: StaticString) -> Bool {
    guard range.count == text.utf8CodeUnitCount else { return false }
    // unsafe: a static string's storage lives as long as the program.
    return text.withUTF8Buffer { expected in
        for offset in 0..<range.count where unsafe bytes[range.start &+ offset] != expected[offset] { return false }
        return true
    }
}

/// The text of a validated string field; empty for bytes that are not UTF-8.
package func text(_ bytes: Span<UInt8>, _ range: ByteRange) -> String {
    guard range.end <= bytes.count, let text = try? UTF8Span(validating: bytes.extracting(range.range)) else {
        return ""
    }
    return String(copying: text)
}
