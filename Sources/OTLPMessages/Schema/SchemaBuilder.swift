import CProtobufC

/// Reads libprotobuf-c descriptors into the tables of `Schema`. Runs once, over constants of the generated C.
struct SchemaBuilder {
    private(set) var fields: [Schema.Field] = []
    private(set) var enums: [Schema.Enumeration] = []
    private(set) var names: [UInt8] = []
    private var messages: [(descriptor: Descriptor, fields: Range<Int>)] = []
    private var messageIndex: [String: Int] = [:]
    private var enumIndex: [String: Int] = [:]

    /// Adds a message and everything it contains. Returns its index; adding it again is free.
    mutating func add(_ descriptor: Descriptor) -> Int {
        let name = descriptor.name
        if let known = messageIndex[name] { return known }
        let index = messages.count
        // Entered before its fields are read: messages contain themselves (AnyValue by way of ArrayValue).
        messageIndex[name] = index
        messages.append((descriptor, 0..<0))
        var own: [Schema.Field] = []
        // Reading through pointers to constants.
        for position in unsafe descriptor.fields.indices {
            unsafe own.append(field(descriptor.fields[position]))
        }
        let start = fields.count
        fields += own
        messages[index].fields = start..<fields.count
        return index
    }

    func finishedMessages() -> [Schema.Message] {
        messages.map { entry in
            let name = entry.descriptor.name
            let form: Schema.JSONForm =
                switch name {
                case "google.protobuf.Any": .any
                case "google.protobuf.Duration": .duration
                default: .object
                }
            return Schema.Message(name: name, fields: entry.fields, form: form, descriptor: entry.descriptor)
        }
    }

    private mutating func field(_ field: ProtobufCFieldDescriptor) -> Schema.Field {
        // Names and descriptors are constants of the generated C.
        let protoName = unsafe String(cString: field.name)
        let type = unsafe Self.type(field, name: protoName)
        var target = 0
        if type == .message, let descriptor = unsafe field.descriptor {
            // For a message field the untyped descriptor is a message descriptor.
            target = unsafe add(Descriptor(descriptor.assumingMemoryBound(to: ProtobufCMessageDescriptor.self)))
        } else if type == .enumeration, let descriptor = unsafe field.descriptor {
            // And for an enum field an enum descriptor.
            target = unsafe addEnum(descriptor.assumingMemoryBound(to: ProtobufCEnumDescriptor.self))
        }
        let jsonName = Self.lowerCamelCase(protoName)
        let start = names.count
        names += jsonName
        // Plain members of a C struct that also holds pointers.
        let isInOneof = unsafe field.flags & UInt32(PROTOBUF_C_FIELD_FLAG_ONEOF.rawValue) != 0
        return unsafe Schema.Field(
            number: field.id,
            type: type,
            isRepeated: field.label == PROTOBUF_C_LABEL_REPEATED,
            name: start..<names.count,
            oneof: isInOneof ? field.quantifier_offset : nil,
            target: target,
            offset: Int(field.offset),
            quantifierOffset: Int(field.quantifier_offset))
    }

    private mutating func addEnum(_ descriptor: UnsafePointer<ProtobufCEnumDescriptor>) -> Int {
        // Names and values are constants of the generated C.
        let name = unsafe String(cString: descriptor.pointee.name)
        if let known = enumIndex[name] { return known }
        var values: [(name: String, number: Int32)] = []
        for index in unsafe 0..<Int(descriptor.pointee.n_values) {
            let value = unsafe descriptor.pointee.values[index]
            unsafe values.append((String(cString: value.name), value.value))
        }
        enumIndex[name] = enums.count
        enums.append(Schema.Enumeration(values: values))
        return enums.count - 1
    }

    private static func type(_ field: ProtobufCFieldDescriptor, name: String) -> FieldType {
        switch unsafe field.type {
        case PROTOBUF_C_TYPE_DOUBLE: return .double
        case PROTOBUF_C_TYPE_BOOL: return .bool
        case PROTOBUF_C_TYPE_INT32: return .int32
        case PROTOBUF_C_TYPE_SINT32: return .sint32
        case PROTOBUF_C_TYPE_UINT32: return .uint32
        case PROTOBUF_C_TYPE_FIXED32: return .fixed32
        case PROTOBUF_C_TYPE_INT64: return .int64
        case PROTOBUF_C_TYPE_UINT64: return .uint64
        case PROTOBUF_C_TYPE_FIXED64: return .fixed64
        case PROTOBUF_C_TYPE_SFIXED64: return .sfixed64
        case PROTOBUF_C_TYPE_ENUM: return .enumeration
        case PROTOBUF_C_TYPE_MESSAGE: return .message
        case PROTOBUF_C_TYPE_BYTES:
            // Strings are generated as bytes; only they have a default value. Of the rest, ids are known by name.
            if unsafe field.default_value != nil { return .string }
            switch name {
            case "trace_id": return .identifier(length: 16)
            case "span_id", "parent_span_id": return .identifier(length: 8)
            default: return .bytes
            }
        default:
            // Only a change of proto/ gets here, and then at every start: float, sint64 and sfixed32 occur nowhere in
            // OTLP.
            preconditionFailure("proto/ has a field \(name) of a type OTLPMessages does not handle")
        }
    }

    /// `start_time_unix_nano` → `startTimeUnixNano`, as proto3 JSON derives names.
    private static func lowerCamelCase(_ name: String) -> [UInt8] {
        var result: [UInt8] = []
        var raiseNext = false
        for byte in name.utf8 {
            if byte == UInt8(ascii: "_") {
                raiseNext = true
            } else {
                let isLower = byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "z")
                result.append(raiseNext && isLower ? byte & 0xDF : byte)
                raiseNext = false
            }
        }
        return result
    }
}
