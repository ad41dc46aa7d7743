/// Writes a message as OTLP/JSON in the form the OpenTelemetry Collector writes: lowerCamelCase names in the order of
/// the field numbers, defaults left out, enums as integers, ids in hex, 64-bit integers as strings (conformance 49 to
/// 58).
struct MessageToJSON {
    private let schema = Schema.shared
    var output = JSONOutput()

    mutating func write(_ view: MessageView, in arena: borrowing Arena) {
        switch schema.messages[view.message].form {
        case .object:
            output.append(UInt8(ascii: "{"))
            members(view, in: arena, isFirst: true)
            output.append(UInt8(ascii: "}"))
        case .any: any(view, in: arena)
        case .duration: duration(view)
        }
    }

    private mutating func members(_ view: MessageView, in arena: borrowing Arena, isFirst: Bool) {
        var isFirst = isFirst
        for index in schema.messages[view.message].fields {
            let field = schema.fields[index]
            let count = view.count(field)
            if count == 0 { continue }
            if !isFirst { output.append(UInt8(ascii: ",")) }
            isFirst = false
            output.append(UInt8(ascii: "\""))
            output.append(schema.names[field.name])
            output.append(UInt8(ascii: "\""))
            output.append(UInt8(ascii: ":"))
            if !field.isRepeated {
                value(view, field, at: 0, in: arena)
                continue
            }
            output.append(UInt8(ascii: "["))
            for element in 0..<count {
                if element > 0 { output.append(UInt8(ascii: ",")) }
                value(view, field, at: element, in: arena)
            }
            output.append(UInt8(ascii: "]"))
        }
    }

    private mutating func value(
        _ view: MessageView, _ field: Schema.Field, at index: Int, in arena: borrowing Arena
    ) {
        switch field.type {
        case .message: write(view.submessage(field, at: index), in: arena)
        case .string: output.string(view.bytes(field, at: index))
        case .bytes: output.base64(view.bytes(field, at: index))
        case .identifier: output.hexadecimal(view.bytes(field, at: index))
        default: number(view.bits(field, at: index), field.type)
        }
    }

    private mutating func number(_ bits: UInt64, _ type: FieldType) {
        switch type {
        case .double: output.double(Double(bitPattern: bits))
        case .bool: output.append((bits == 0 ? "false" : "true").utf8)
        case .uint32, .fixed32: output.unsigned(bits)
        case .uint64, .fixed64:
            output.append(UInt8(ascii: "\""))
            output.unsigned(bits)
            output.append(UInt8(ascii: "\""))
        case .int64, .sfixed64:
            output.append(UInt8(ascii: "\""))
            output.signed(Int64(bitPattern: bits))
            output.append(UInt8(ascii: "\""))
        // What remains are integers and enums of 32 bits, signed.
        default: output.signed(Int64(Int32(truncatingIfNeeded: bits)))
        }
    }

    /// `{"@type": …}` and the fields of the message inside; of a message that is not in `proto/`, its bytes as `value`.
    private mutating func any(_ view: MessageView, in arena: borrowing Arena) {
        guard let urlField = schema.field(1, of: view.message), let valueField = schema.field(2, of: view.message)
        else {
            return output.append("{}".utf8)
        }
        let url = view.bytes(schema.fields[urlField], at: 0)
        let value = view.bytes(schema.fields[valueField], at: 0)
        if url.isEmpty { return output.append("{}".utf8) }
        output.append(#"{"@type":"#.utf8)
        output.string(url)
        let name = Array(copying: url).split(separator: UInt8(ascii: "/")).last.map {
            String(decoding: $0, as: UTF8.self)
        }
        if let inner = name.flatMap({ schema.message(named: $0) }), schema.messages[inner].form == .object,
            isCanonical(value, as: inner), let content = arena.unpack(value, as: inner)
        {
            members(content, in: arena, isFirst: false)
        } else if !value.isEmpty {
            output.append(#","value":"#.utf8)
            output.base64(value)
        }
        output.append(UInt8(ascii: "}"))
    }

    private func isCanonical(_ bytes: Span<UInt8>, as message: Int) -> Bool {
        var shape = WireShape(bytes)
        return (try? shape.isCanonical(as: message, allowingUnknown: true)) ?? false
    }

    private mutating func duration(_ view: MessageView) {
        var parts: (Int64, Int32) = (0, 0)
        if let seconds = schema.field(1, of: view.message) {
            parts.0 = Int64(bitPattern: view.bits(schema.fields[seconds], at: 0))
        }
        if let nanoseconds = schema.field(2, of: view.message) {
            parts.1 = Int32(truncatingIfNeeded: view.bits(schema.fields[nanoseconds], at: 0))
        }
        output.duration(seconds: parts.0, nanoseconds: parts.1)
    }
}

/// Encodes a message as OTLP/JSON, compact and on one line (without a line end).
///
/// - Parameters:
///   - bytes: the message as protobuf, of any shape; unknown fields do not show.
///   - kind: what message it is.
///   - memoryLimit: how many bytes the tree of the message may take while it is written.
package func json(
    fromWire bytes: Span<UInt8>, kind: MessageKind, memoryLimit: Int = MessageLimits.treeMemory
) throws(WireMessageError) -> [UInt8] {
    var writer = MessageToJSON()
    // Names make JSON about twice as long.
    writer.output.reserve(bytes.count * 2)
    try withTree(of: bytes, kind: kind, memoryLimit: memoryLimit) { view, arena in
        writer.write(view, in: arena)
    }
    return writer.output.bytes
}
