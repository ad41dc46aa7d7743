import OTLPWire

extension OTTLConverters {
    /// Lists, and what looks into them.
    static let lists: [OTTLConverter] = [
        OTTLConverter(
            name: "Len", parameters: [OTTLParameter(name: "target", kind: .countable)], result: .int,
            body: .one { target, bytes throws(OTTLEvaluationError) in .int(try length(target, bytes)) }),
        OTTLConverter(
            name: "ContainsValue",
            parameters: [OTTLParameter(name: "target", kind: .list), OTTLParameter(name: "item", kind: .any)],
            result: .bool,
            body: .two { target, item, bytes throws(OTTLEvaluationError) in
                .bool(try position(of: item, in: target.list, bytes) != nil)
            }),
        OTTLConverter(
            name: "Index",
            parameters: [OTTLParameter(name: "target", kind: .stringOrList), OTTLParameter(name: "value", kind: .any)],
            result: .int,
            body: .two { target, value, bytes throws(OTTLEvaluationError) in
                guard case .string(let text) = target else {
                    return .int(try position(of: value, in: target.list, bytes) ?? -1)
                }
                guard case .string(let wanted) = value else {
                    throw OTTLEvaluationError(.expected("a string to look for", found: value.type))
                }
                let part = wanted.copied(from: bytes)
                // The empty string begins everywhere.
                let offset = part.isEmpty ? 0 : OTTLSearch(for: part).first(in: text.span(in: bytes))
                return .int(Int64(offset ?? -1))
            }),
        OTTLConverter(
            name: "Concat",
            parameters: [OTTLParameter(name: "vals", kind: .list), OTTLParameter(name: "delimiter", kind: .string)],
            result: .string,
            body: .two { list, delimiter, bytes throws(OTTLEvaluationError) in
                let delimiter = delimiter.text.copied(from: bytes)
                var result: [UInt8] = []
                for (index, value) in list.list.values(in: bytes).enumerated() {
                    if index > 0 { result += delimiter }
                    result += try stringLike(value, bytes)?.copied(from: bytes) ?? Array("<nil>".utf8)
                }
                return .string(.made(result))
            }),
        OTTLConverter(
            name: "Coalesce", parameters: [OTTLParameter(name: "values", kind: .list)], result: nil,
            body: .one { list, bytes throws(OTTLEvaluationError) in
                var found = OTTLValue.nothing
                list.list.forEach(in: bytes) { value in
                    found = value
                    return value.type == .nothing
                }
                return found
            }),
    ]

    private static func length(_ value: OTTLValue, _ bytes: Span<UInt8>) throws(OTTLEvaluationError) -> Int64 {
        switch value {
        case .string(let text), .bytes(let text): return Int64(text.span(in: bytes).count)
        case .list(let list): return Int64(list.count(in: bytes))
        case .map(let items), .messages(let items): return Int64(items.count(in: bytes))
        default: throw OTTLEvaluationError(.expected("a string, a list or a map", found: value.type))
        }
    }

    private static func position(
        of item: OTTLValue, in list: OTTLList, _ bytes: Span<UInt8>
    ) throws(OTTLEvaluationError) -> Int64? {
        var index: Int64 = 0
        var found: Int64?
        for value in list.values(in: bytes) {
            if try OTTLComparison.equal.isTrue(value, item, bytes) {
                found = index
                break
            }
            index += 1
        }
        return found
    }
}
