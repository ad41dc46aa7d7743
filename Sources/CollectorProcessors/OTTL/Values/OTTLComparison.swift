// OTTL's comparison rules: numbers are compared as numbers whatever their types, everything else only with its own type.
// Where two values cannot be compared `!=` is true and the other operators are false.

import OTLPWire

enum OTTLComparison: String, Sendable {
    case equal = "=="
    case notEqual = "!="
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="

    func isTrue(_ left: OTTLValue, _ right: OTTLValue, _ bytes: Span<UInt8>) throws(OTTLEvaluationError) -> Bool {
        switch (left, right) {
        // Two nils are equal, and no value is less than nil.
        case (.nothing, .nothing): self == .equal || self == .lessOrEqual || self == .greaterOrEqual
        case (.bool(let left), .bool(let right)): holds(left ? 1 : 0, right ? 1 : 0)
        case (.int(let left), .int(let right)): holds(left, right)
        case (.int(let left), .double(let right)): holds(Double(left), right)
        case (.double(let left), .int(let right)): holds(left, Double(right))
        case (.double(let left), .double(let right)): holds(left, right)
        case (.string(let left), .string(let right)), (.bytes(let left), .bytes(let right)):
            holds(order(left.span(in: bytes), right.span(in: bytes)), 0)
        case (.time(let left), .time(let right)), (.duration(let left), .duration(let right)): holds(left, right)
        default: try holdsOfEquality { () throws(OTTLEvaluationError) in try areSame(left, right, bytes) }
        }
    }

    private func holds<Value: Comparable>(_ left: Value, _ right: Value) -> Bool {
        switch self {
        case .equal: left == right
        case .notEqual: left != right
        case .less: left < right
        case .lessOrEqual: left <= right
        case .greater: left > right
        case .greaterOrEqual: left >= right
        }
    }

    private func holdsOfEquality(
        _ areSame: () throws(OTTLEvaluationError) -> Bool
    ) throws(OTTLEvaluationError) -> Bool {
        switch self {
        case .equal: try areSame()
        case .notEqual: try !areSame()
        case .less, .lessOrEqual, .greater, .greaterOrEqual: false
        }
    }
}

/// Negative, zero or positive: bytewise, a prefix before what it begins.
private func order(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Int {
    for position in 0..<min(left.count, right.count) where left[position] != right[position] {
        return left[position] < right[position] ? -1 : 1
    }
    return left.count - right.count
}

/// Comparing maps takes quadratic time when their orders differ.
private let comparableMapSize = 1_000

/// Whether two values are of one type and equal in depth. Numbers of two types are not the same here: that is how
/// elements of lists and maps are compared.
private func areSame(
    _ left: OTTLValue, _ right: OTTLValue, _ bytes: Span<UInt8>
) throws(OTTLEvaluationError) -> Bool {
    switch (left, right) {
    case (.nothing, .nothing): return true
    case (.bool(let left), .bool(let right)): return left == right
    case (.int(let left), .int(let right)): return left == right
    case (.double(let left), .double(let right)): return left == right
    case (.string(let left), .string(let right)), (.bytes(let left), .bytes(let right)):
        return areEqual(left.span(in: bytes), right.span(in: bytes))
    case (.time(let left), .time(let right)), (.duration(let left), .duration(let right)): return left == right
    case (.traceID(let left), .traceID(let right)): return left == right
    case (.spanID(let left), .spanID(let right)): return left == right
    case (.list(let left), .list(let right)):
        let (left, right) = (left.values(in: bytes), right.values(in: bytes))
        guard left.count == right.count else { return false }
        for (left, right) in zip(left, right) where try !areSame(left, right, bytes) { return false }
        return true
    case (.map(let left), .map(let right)): return try areSame(left, right, bytes)
    default: return false
    }
}

private func areSame(
    _ left: OTTLMessageItems, _ right: OTTLMessageItems, _ bytes: Span<UInt8>
) throws(OTTLEvaluationError) -> Bool {
    let count = left.count(in: bytes)
    guard count == right.count(in: bytes) else { return false }
    guard count <= comparableMapSize else { throw OTTLEvaluationError(.invalid("maps of this size are not compared")) }
    var attributes = AttributeCursor(bytes, message: left.message, fieldNumber: left.field)
    while let attribute = attributes.next() {
        let key = OTTLText.inPlace(attribute.key).copied(from: bytes)
        guard let other = right.value(of: key, in: bytes) else { return false }
        guard try areSame(OTTLValue(attribute.value), OTTLValue(other), bytes) else { return false }
    }
    return true
}
