/// The types of OTLP's fields, as JSON and the wire tell them apart.
enum FieldType: Sendable, Equatable {
    case double
    case bool
    case int32, sint32, uint32, fixed32
    case int64, uint64, fixed64, sfixed64
    case enumeration
    case string
    case bytes
    /// A trace or span id of this many bytes; hexadecimal in JSON.
    case identifier(length: Int)
    case message

    var wireType: WireType {
        switch self {
        case .double, .fixed64, .sfixed64: .fixed64
        case .fixed32: .fixed32
        case .string, .bytes, .identifier, .message: .lengthDelimited
        case .bool, .int32, .sint32, .uint32, .int64, .uint64, .enumeration: .varint
        }
    }

    /// Whether several values are written as one packed field.
    var isPackable: Bool { wireType != .lengthDelimited }
}

/// The low three bits of a protobuf tag.
enum WireType: UInt8, Sendable {
    case varint = 0
    case fixed64 = 1
    case lengthDelimited = 2
    case startGroup = 3
    case endGroup = 4
    case fixed32 = 5
}
