// A second, slow way to read requests: nothing of the module under test is in it.

/// One field, with its bytes.
struct NaiveField: Equatable {
    var number: UInt64
    var wireType: UInt64
    /// The varint or fixed-size value.
    var scalar: UInt64 = 0
    /// The payload of a length-delimited field.
    var payload: Bytes = []
    /// Tag, length and value.
    var whole: Bytes = []
}

/// The fields of a message; nil when it is not one.
func naiveFields(_ bytes: Bytes) -> [NaiveField]? {
    var fields: [NaiveField] = []
    var at = 0
    func varint() -> UInt64? {
        var value: UInt64 = 0
        for index in 0..<10 {
            guard at < bytes.count else { return nil }
            value |= UInt64(bytes[at] & 0x7f) << (7 * UInt64(index))
            at += 1
            if bytes[at - 1] < 0x80 { return value }
        }
        return nil
    }
    func take(_ count: UInt64) -> Bytes? {
        guard count <= UInt64(bytes.count - at) else { return nil }
        at += Int(count)
        return Bytes(bytes[(at - Int(count))..<at])
    }
    while at < bytes.count {
        let start = at
        guard let tag = varint() else { return nil }
        var field = NaiveField(number: tag >> 3, wireType: tag & 7)
        switch field.wireType {
        case 0:
            guard let value = varint() else { return nil }
            field.scalar = value
        case 1, 5:
            guard let value = take(field.wireType == 1 ? 8 : 4) else { return nil }
            field.scalar = value.reversed().reduce(0) { $0 << 8 | UInt64($1) }
        case 2:
            guard let length = varint(), let payload = take(length) else { return nil }
            field.payload = payload
        default: return nil
        }
        field.whole = Bytes(bytes[start..<at])
        fields.append(field)
    }
    return fields
}

/// A span together with all of its group that is not a span or a scope.
struct NaiveSpan: Equatable {
    var resource: Bytes
    var scope: Bytes
    var span: Bytes
}

/// The spans of a request in their order; nil when it is not a message.
func naiveSpans(_ bytes: Bytes) -> [NaiveSpan]? {
    var spans: [NaiveSpan] = []
    guard let request = naiveFields(bytes) else { return nil }
    for resourceSpans in request where resourceSpans.number == 1 {
        guard let resource = naiveFields(resourceSpans.payload) else { return nil }
        let resourceRest = resource.filter { $0.number != 2 }.flatMap(\.whole)
        for scopeSpans in resource where scopeSpans.number == 2 {
            guard let scope = naiveFields(scopeSpans.payload) else { return nil }
            let scopeRest = scope.filter { $0.number != 2 }.flatMap(\.whole)
            for span in scope where span.number == 2 {
                spans.append(NaiveSpan(resource: resourceRest, scope: scopeRest, span: span.payload))
            }
        }
    }
    return spans
}
