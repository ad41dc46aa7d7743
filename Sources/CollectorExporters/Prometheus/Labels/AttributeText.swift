import OTLPWire

// Attribute values as text (OpenTelemetry specification, "AnyValue representation for non-OTLP protocols"; conformance
// 118).

/// The value as a label shows it: text as it is, numbers and booleans as JSON writes them, bytes as base64, lists and
/// maps as JSON.
func attributeText(_ value: AttributeValue, _ bytes: Span<UInt8>) -> [UInt8] {
    switch value {
    case .empty: []
    case .string(let range): copied(range, bytes)
    case .bool(let flag): Array((flag ? "true" : "false") as StaticString)
    case .int(let number): Array(String(number))
    case .double(let number): jsonNumber(number)
    case .bytes(let range): base64(range, bytes)
    case .array(let range): jsonList(range, bytes)
    case .keyValueList(let range): jsonMap(range, bytes)
    }
}

/// The bytes of a range.
func copied(_ range: ByteRange, _ bytes: Span<UInt8>) -> [UInt8] {
    var copy: [UInt8] = []
    copy.reserveCapacity(range.count)
    for position in range.range where position < bytes.count { copy.append(bytes[position]) }
    return copy
}

/// A value inside a list or map.
private func json(_ value: AttributeValue, _ bytes: Span<UInt8>) -> [UInt8] {
    switch value {
    case .empty: Array("null" as StaticString)
    case .string(let range): jsonString(copied(range, bytes))
    case .bytes(let range): jsonString(base64(range, bytes))
    case .double(let number) where !number.isFinite: jsonString(jsonNumber(number))
    case .bool, .int, .double, .array, .keyValueList: attributeText(value, bytes)
    }
}

private func jsonList(_ list: ByteRange, _ bytes: Span<UInt8>) -> [UInt8] {
    var items: [[UInt8]] = []
    var fields = FieldCursor(bytes, list)
    while let field = fields.next() {
        if field.number == 1 { items.append(json(AttributeValue(bytes, anyValue: field.payload), bytes)) }
    }
    return [UInt8(ascii: "[")] + items.joined(separator: [.comma]) + [UInt8(ascii: "]")]
}

/// Keys in byte order, so that equal maps give equal labels.
private func jsonMap(_ map: ByteRange, _ bytes: Span<UInt8>) -> [UInt8] {
    var pairs: [(key: [UInt8], value: [UInt8])] = []
    var attributes = AttributeCursor(bytes, message: map, fieldNumber: 1)
    while let attribute = attributes.next() {
        pairs.append((copied(attribute.key, bytes), json(attribute.value, bytes)))
    }
    pairs.sort { precedes($0.key, $1.key) }
    let members = pairs.map { jsonString($0.key) + [.colon] + $0.value }
    return [UInt8(ascii: "{")] + members.joined(separator: [.comma]) + [UInt8(ascii: "}")]
}

private func jsonString(_ text: [UInt8]) -> [UInt8] {
    var result: [UInt8] = [.quote]
    for byte in text {
        switch byte {
        case .quote, .backslash: result += [.backslash, byte]
        case .lineFeed: result += [.backslash, UInt8(ascii: "n")]
        case 0x0d: result += [.backslash, UInt8(ascii: "r")]
        case 0x09: result += [.backslash, UInt8(ascii: "t")]
        case 0..<0x20:
            let hex = String(byte, radix: 16)
            result += Array("\\u00\(hex.utf8.count == 1 ? "0" : "")\(hex)")
        default: result.append(byte)
        }
    }
    return result + [.quote]
}

private func base64(_ range: ByteRange, _ bytes: Span<UInt8>) -> [UInt8] {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/" as StaticString)
    let data = copied(range, bytes)
    var result: [UInt8] = []
    result.reserveCapacity((data.count + 2) / 3 * 4)
    for start in stride(from: 0, to: data.count, by: 3) {
        let group = data[start..<min(start + 3, data.count)]
        let bits = group.reduce(UInt32(0)) { $0 << 8 | UInt32($1) } << UInt32(8 * (3 - group.count))
        for position in 0..<4 {
            let isPadding = position > group.count
            result.append(isPadding ? UInt8(ascii: "=") : alphabet[Int(bits >> UInt32(18 - 6 * position)) & 63])
        }
    }
    return result
}
