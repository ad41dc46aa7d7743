/// Writes a message as indented text for people: what the `debug` exporter shows at `verbosity: detailed`.
///
/// The walk is driven by the schema, so every field that is set appears, also ones added to the schema later. Ids are
/// in hex, times also as dates, enums by name, attributes one a line as `-> key: Type(value)`.
struct DebugText {
    private let schema = Schema.shared
    private(set) var lines = JSONOutput()
    private let attributeMessage: Int?
    private let valueMessage: Int?

    init() {
        attributeMessage = schema.message(named: "opentelemetry.proto.common.v1.KeyValue")
        valueMessage = schema.message(named: "opentelemetry.proto.common.v1.AnyValue")
    }

    mutating func write(_ view: MessageView, indent: Int = 0) {
        for index in schema.messages[view.message].fields {
            let field = schema.fields[index]
            let count = view.count(field)
            if count == 0 { continue }
            let label = DebugLabel(schema.jsonName(index))
            if field.type != .message {
                numbersOrText(view, field, count: count, label, indent)
            } else if field.target == attributeMessage {
                line(indent, "\(label.text):")
                for element in 0..<count { attribute(view.submessage(field, at: element), indent) }
            } else if field.target == valueMessage && !field.isRepeated {
                begin(indent, "\(label.text): ")
                DebugValue.write(view.submessage(field, at: 0), to: &lines)
                end()
            } else {
                for element in 0..<count {
                    line(indent, field.isRepeated ? "\(shortName(field.target)) #\(element)" : "\(label.text):")
                    write(view.submessage(field, at: element), indent: indent + 4)
                }
            }
        }
    }

    private mutating func attribute(_ view: MessageView, _ indent: Int) {
        begin(indent + 5, "-> ")
        DebugValue.writeAttribute(view, to: &lines)
        end()
    }

    private mutating func numbersOrText(
        _ view: MessageView, _ field: Schema.Field, count: Int, _ label: DebugLabel, _ indent: Int
    ) {
        begin(indent, "\(label.text): ")
        if field.isRepeated { lines.append(UInt8(ascii: "[")) }
        for element in 0..<count {
            if element > 0 { lines.append(", ".utf8) }
            switch field.type {
            case .string: lines.string(view.bytes(field, at: element))
            case .bytes, .identifier:
                for index in view.bytes(field, at: element).indices {
                    let byte = view.bytes(field, at: element)[index]
                    lines.append(Hexadecimal.digit(of: byte >> 4))
                    lines.append(Hexadecimal.digit(of: byte & 15))
                }
            default: number(view.bits(field, at: element), field, isTime: label.isTime)
            }
        }
        if field.isRepeated { lines.append(UInt8(ascii: "]")) }
        end()
    }

    private mutating func number(_ bits: UInt64, _ field: Schema.Field, isTime: Bool) {
        switch field.type {
        case .enumeration:
            let number = Int32(truncatingIfNeeded: bits)
            lines.append((schema.enums[field.target].name(of: number) ?? String(number)).utf8)
        case .bool: lines.append((bits == 0 ? "false" : "true").utf8)
        case .double: lines.double(Double(bitPattern: bits))
        case .int64, .sfixed64: lines.signed(Int64(bitPattern: bits))
        case .int32, .sint32: lines.signed(Int64(Int32(truncatingIfNeeded: bits)))
        default:
            lines.unsigned(bits)
            if isTime { lines.append(" (\(UTCTime(unixNanoseconds: bits)))".utf8) }
        }
    }

    /// `opentelemetry.proto.trace.v1.Span` → `Span`.
    private func shortName(_ message: Int) -> Substring {
        schema.messages[message].name.split(separator: ".").last ?? "Message"
    }

    private mutating func line(_ indent: Int, _ text: String) {
        begin(indent, text)
        end()
    }

    private mutating func begin(_ indent: Int, _ text: String) {
        lines.append(repeatElement(UInt8(ascii: " "), count: indent))
        lines.append(text.utf8)
    }

    private mutating func end() {
        lines.append(UInt8(ascii: "\n"))
    }
}

/// Describes a message field by field, one line each, every line ended.
///
/// - Parameters:
///   - bytes: the message as protobuf, of any shape; unknown fields do not show.
///   - kind: what message it is.
///   - memoryLimit: how many bytes the tree of the message may take meanwhile.
/// - Returns: UTF-8 text. Strings are quoted and escaped, so that data cannot forge lines.
package func debugText(
    fromWire bytes: Span<UInt8>, kind: MessageKind, memoryLimit: Int = MessageLimits.treeMemory
) throws(WireMessageError) -> [UInt8] {
    var writer = DebugText()
    try withTree(of: bytes, kind: kind, memoryLimit: memoryLimit) { view, _ in
        writer.write(view)
    }
    return writer.lines.bytes
}
