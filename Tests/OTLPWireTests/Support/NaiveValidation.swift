import OTLPWire

/// Whether `bytes` are a message of `shape`, judged field by field with arrays, Swift's own UTF-8 and the schema's
/// table.
func isNaivelyValid(_ bytes: Bytes, _ shape: MessageShape, depth: Int = 0) -> Bool {
    guard depth <= depthBudget, let fields = naiveFields(bytes) else { return false }
    return fields.allSatisfy { field in
        guard field.number >= 1, field.number < 1 << 29, hasShortPrefix(field) else { return false }
        guard field.number < UInt64(Schema.fieldsPerShape) else { return true }
        let rule = Schema.rules[Int(shape.rawValue) * Schema.fieldsPerShape + Int(field.number)]
        switch (rule.kind, field.wireType) {
        case (.unknown, _), (.varint, 0), (.repeatedVarint, 0), (.fixed64, 1), (.repeatedFixed64, 1), (.fixed32, 5),
            (.bytes, 2):
            return true
        case (.string, 2): return String(validating: field.payload, as: UTF8.self) != nil
        case (.message, 2): return isNaivelyValid(field.payload, rule.shape, depth: depth + 1)
        case (.repeatedFixed64, 2): return field.payload.count % 8 == 0
        case (.repeatedVarint, 2): return areVarints(field.payload)
        default: return false
        }
    }
}

/// Whether the tag, and the length if there is one, have at most five bytes.
private func hasShortPrefix(_ field: NaiveField) -> Bool {
    let tag = field.whole.prefix { $0 >= 0x80 }.count + 1
    let length = field.wireType == 2 ? field.whole.count - field.payload.count - tag : 0
    return tag <= 5 && length <= 5
}

private func areVarints(_ bytes: Bytes) -> Bool {
    bytes.split(omittingEmptySubsequences: false, whereSeparator: { $0 < 0x80 }).dropLast().allSatisfy { $0.count < 10 }
        && (bytes.last ?? 0) < 0x80
}
