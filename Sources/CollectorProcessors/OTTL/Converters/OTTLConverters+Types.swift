extension OTTLConverters {
    /// Questions about types, and conversions from one to another.
    static let types: [OTTLConverter] = [
        question("IsString", .string), question("IsInt", .int), question("IsDouble", .double),
        question("IsBool", .bool), question("IsMap", .map), question("IsList", .list),
        OTTLConverter(
            name: "IsEmpty", parameters: [OTTLParameter(name: "value", kind: .any)], result: .bool,
            body: .one { value, bytes throws(OTTLEvaluationError) in .bool(isEmpty(value, bytes)) }),
        OTTLConverter(
            name: "Bool", parameters: [OTTLParameter(name: "target", kind: .any)], result: nil,
            body: .one { value, bytes throws(OTTLEvaluationError) in bool(value, bytes) }),
        OTTLConverter(
            name: "Int", parameters: [OTTLParameter(name: "target", kind: .any)], result: nil,
            body: .one { value, bytes throws(OTTLEvaluationError) in int(value, bytes) }),
        OTTLConverter(
            name: "Double", parameters: [OTTLParameter(name: "target", kind: .any)], result: nil,
            body: .one { value, bytes throws(OTTLEvaluationError) in double(value, bytes) }),
        OTTLConverter(
            name: "String", parameters: [OTTLParameter(name: "target", kind: .any)], result: nil,
            body: .one { value, bytes throws(OTTLEvaluationError) in
                guard let text = try stringLike(value, bytes) else { return .nothing }
                return .string(text)
            }),
    ]

    private static func question(_ name: String, _ type: OTTLType) -> OTTLConverter {
        OTTLConverter(
            name: name, parameters: [OTTLParameter(name: "target", kind: .any)], result: .bool,
            body: .one { value, _ throws(OTTLEvaluationError) in .bool(value.type == type) })
    }

    /// Nil, no elements, or the zero of its type.
    private static func isEmpty(_ value: OTTLValue, _ bytes: Span<UInt8>) -> Bool {
        switch value {
        case .nothing: true
        case .bool(let flag): !flag
        case .int(let number), .duration(let number): number == 0
        case .double(let number): number == 0
        case .string(let text), .bytes(let text): text.span(in: bytes).isEmpty
        case .list(let list): list.count(in: bytes) == 0
        case .map(let items), .messages(let items): items.count(in: bytes) == 0
        case .traceID(let id): id.isZero
        case .spanID(let id): id == 0
        // Go's zero time lies before 1970.
        case .time, .status: false
        }
    }

    private static func bool(_ value: OTTLValue, _ bytes: Span<UInt8>) -> OTTLValue {
        switch value {
        case .bool: return value
        case .int(let number): return .bool(number != 0)
        case .double(let number): return .bool(number != 0)
        case .string(let text):
            switch string(text, bytes) {
            case "1", "t", "T", "true", "TRUE", "True": return .bool(true)
            case "0", "f", "F", "false", "FALSE", "False": return .bool(false)
            default: return .nothing
            }
        default: return .nothing
        }
    }

    private static func int(_ value: OTTLValue, _ bytes: Span<UInt8>) -> OTTLValue {
        switch value {
        case .bool(let flag): return .int(flag ? 1 : 0)
        case .int: return value
        // What has no int, such as NaN, is nil: Go leaves it to the processor.
        case .double(let number): return Int64(exactly: number.rounded(.towardZero)).map { .int($0) } ?? .nothing
        case .string(let text): return Int64(string(text, bytes)).map { .int($0) } ?? .nothing
        default: return .nothing
        }
    }

    private static func double(_ value: OTTLValue, _ bytes: Span<UInt8>) -> OTTLValue {
        switch value {
        case .bool(let flag): return .double(flag ? 1 : 0)
        case .int(let number): return .double(Double(number))
        case .double: return value
        case .string(let text):
            let digits = string(text, bytes)
            guard let number = Double(digits) else { return .nothing }
            // Go refuses numbers beyond the range, but takes infinities by name.
            let isNamed = digits.utf8.contains { $0 | 0x20 == UInt8(ascii: "i") }
            return number.isInfinite && !isNamed ? .nothing : .double(number)
        default: return .nothing
        }
    }

    /// A string of a text; bytes that are no UTF-8 become replacement characters.
    static func string(_ text: OTTLText, _ bytes: Span<UInt8>) -> String {
        String(decoding: text.copied(from: bytes), as: UTF8.self)
    }
}
