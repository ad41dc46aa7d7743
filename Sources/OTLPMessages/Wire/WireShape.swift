/// Looks whether a message is in canonical form, without writing anything.
///
/// Canonical is what a protobuf library writes, as far as others depend on it: known fields ascending by number,
/// singular fields and oneofs at most once, repeated numbers packed in one field, unknown fields behind the known ones.
/// (Explicit zeros and overlong varints may stay: they mean the same to every reader.)
struct WireShape: ~Escapable {
    private let schema = Schema.shared
    private let bytes: Span<UInt8>
    private var foundGroup = false
    private var foundUnknown = false

    @_lifetime(copy bytes)
    init(_ bytes: Span<UInt8>) {
        self.bytes = bytes
    }

    /// - Parameter allowingUnknown: whether canonical may include unknown fields.
    /// - Throws: what is wrong with the first field that breaks framing, type or depth, wherever it lies.
    mutating func isCanonical(as message: Int, allowingUnknown: Bool) throws(WireMessageError) -> Bool {
        let shape = try scan(0..<bytes.count, as: message, depth: 1)
        return shape && (allowingUnknown || !foundUnknown)
    }

    private mutating func scan(_ range: Range<Int>, as message: Int, depth: Int) throws(WireMessageError) -> Bool {
        guard depth <= MessageLimits.depth else { throw .tooDeep }
        var canonical = true
        var lastNumber: UInt32 = 0
        var sawUnknown = false
        var oneofs: UInt64 = 0
        let fields = schema.messages[message].fields
        var cursor = WireCursor(bytes, in: range)
        while !cursor.isAtEnd {
            let start = cursor.position
            guard let field = cursor.next() else { throw malformed(message, at: start) }
            guard let index = schema.field(field.number, of: message) else {
                sawUnknown = true
                continue
            }
            let declared = schema.fields[index]
            let isPacked = declared.isRepeated && declared.type.isPackable && field.wireType == .lengthDelimited
            guard field.wireType == declared.type.wireType || isPacked else { throw malformed(message, at: start) }
            if isPacked {
                guard hasWholeElements(field.value, of: declared.type) else { throw malformed(message, at: start) }
            }

            let mayRepeat = declared.isRepeated && !declared.type.isPackable
            let isPackedOrSingular = isPacked || !declared.isRepeated
            if sawUnknown || field.number < lastNumber || (field.number == lastNumber && !mayRepeat) {
                canonical = false
            }
            if !mayRepeat && !isPackedOrSingular { canonical = false }
            if let oneof = declared.oneof {
                // Remember each oneof by the first of its fields.
                let first = fields.first { schema.fields[$0].oneof == oneof } ?? index
                let bit = UInt64(1) << UInt64((first - fields.lowerBound) & 63)
                if oneofs & bit != 0 { canonical = false }
                oneofs |= bit
            }
            lastNumber = max(lastNumber, field.number)
            if declared.type == .message {
                let inner = try scan(field.value, as: declared.target, depth: depth + 1)
                canonical = canonical && inner
            }
        }
        foundUnknown = foundUnknown || sawUnknown
        return canonical
    }

    private func malformed(_ message: Int, at offset: Int) -> WireMessageError {
        .malformed(message: schema.messages[message].name, offset: offset)
    }

    /// Whether a packed field ends where an element ends.
    private func hasWholeElements(_ range: Range<Int>, of type: FieldType) -> Bool {
        switch type.wireType {
        case .fixed64: return range.count % 8 == 0
        case .fixed32: return range.count % 4 == 0
        default:
            var cursor = WireCursor(bytes, in: range)
            while !cursor.isAtEnd {
                guard cursor.varint() != nil else { return false }
            }
            return true
        }
    }
}
