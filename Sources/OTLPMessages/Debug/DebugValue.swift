/// Writes attribute values as the OpenTelemetry Collector's debug exporter does: `Str(x)`, `Int(1)`, `Slice([…])`,
/// `Map({…})`.
enum DebugValue {
    /// `key: Type(value)`.
    static func writeAttribute(_ view: MessageView, to lines: inout JSONOutput) {
        let schema = Schema.shared
        if let key = schema.field(1, of: view.message) {
            // Without quotes where that cannot be mistaken.
            let name = view.bytes(schema.fields[key], at: 0)
            if isPlain(name) { lines.append(Array(copying: name)) } else { lines.string(name) }
        }
        lines.append(": ".utf8)
        if let index = schema.field(2, of: view.message), view.count(schema.fields[index]) > 0 {
            write(view.submessage(schema.fields[index], at: 0), to: &lines)
        } else {
            lines.append("Empty()".utf8)
        }
    }

    static func write(_ value: MessageView, to lines: inout JSONOutput) {
        let schema = Schema.shared
        guard let field = setMember(value) else { return lines.append("Empty()".utf8) }
        switch field.number {
        case 1: lines.append("Str(".utf8)
        case 2: lines.append("Bool(".utf8)
        case 3: lines.append("Int(".utf8)
        case 4: lines.append("Double(".utf8)
        case 5: lines.append("Slice(".utf8)
        case 6: lines.append("Map(".utf8)
        case 7: lines.append("Bytes(".utf8)
        default: lines.append("StringIndex(".utf8)
        }
        content(value, field, schema, to: &lines)
        lines.append(UInt8(ascii: ")"))
    }

    private static func content(
        _ value: MessageView, _ field: Schema.Field, _ schema: Schema, to lines: inout JSONOutput
    ) {
        switch field.type {
        case .string: lines.string(value.bytes(field, at: 0))
        case .bytes: lines.hexadecimal(value.bytes(field, at: 0))
        case .bool: lines.append((value.bits(field, at: 0) == 0 ? "false" : "true").utf8)
        case .double: lines.double(Double(bitPattern: value.bits(field, at: 0)))
        case .int64: lines.signed(Int64(bitPattern: value.bits(field, at: 0)))
        case .message: elements(value.submessage(field, at: 0), isMap: field.number == 6, schema, to: &lines)
        default: lines.signed(Int64(Int32(truncatingIfNeeded: value.bits(field, at: 0))))
        }
    }

    /// The values of an ArrayValue or KeyValueList.
    private static func elements(_ list: MessageView, isMap: Bool, _ schema: Schema, to lines: inout JSONOutput) {
        lines.append(UInt8(ascii: isMap ? "{" : "["))
        if let index = schema.field(1, of: list.message) {
            let field = schema.fields[index]
            for element in 0..<list.count(field) {
                if element > 0 { lines.append(", ".utf8) }
                let item = list.submessage(field, at: element)
                if isMap { writeAttribute(item, to: &lines) } else { write(item, to: &lines) }
            }
        }
        lines.append(UInt8(ascii: isMap ? "}" : "]"))
    }

    private static func setMember(_ value: MessageView) -> Schema.Field? {
        let schema = Schema.shared
        return schema.messages[value.message].fields.lazy.map { schema.fields[$0] }.first { value.count($0) > 0 }
    }

    /// Whether a key has only printable ASCII without quotes, spaces and colons.
    private static func isPlain(_ key: Span<UInt8>) -> Bool {
        for index in key.indices {
            let byte = key[index]
            guard byte > 0x20, byte < 0x7F, byte != UInt8(ascii: "\""), byte != UInt8(ascii: ":") else { return false }
        }
        return !key.isEmpty
    }
}
