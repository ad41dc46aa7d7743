/// A question about a single span that a policy asks of all spans of a trace. Texts are bytes: strings of Swift are equal
/// when they look equal, attributes only when they are written the same.
enum SpanCondition: Sendable, Hashable {
    /// The span has span links.
    case hasLinks
    /// W3C's `sampled` flag is set.
    case isFlaggedSampled
    /// The span or its resource has a string attribute with one of these values.
    case text(key: [UInt8], oneOf: Set<[UInt8]>)
    /// The same with a value that one of the expressions matches.
    case pattern(key: [UInt8], PatternList)
    /// The span or its resource has an integer attribute in the range.
    case integer(key: [UInt8], ClosedRange<Int64>)
    /// The span or its resource has a boolean attribute of this value.
    case boolean(key: [UInt8], Bool)
    /// The span's tracestate has a member with one of these values.
    case traceState(key: [UInt8], oneOf: Set<[UInt8]>)
    /// One of the conditions is true of the span.
    case ottl(OTTLConditionList)
    /// None of the conditions is true of the span, and one of them has no answer.
    case ottlFailure(OTTLConditionList)
}

/// OTTL conditions, any of which will do.
struct OTTLConditionList: Sendable, Hashable {
    let conditions: [OTTLCondition]

    private var texts: [[UInt8]] {
        conditions.map { [$0.context == .span ? 0 : 1] + Array($0.text.utf8) }
    }

    static func == (left: OTTLConditionList, right: OTTLConditionList) -> Bool { left.texts == right.texts }

    func hash(into hasher: inout Hasher) { hasher.combine(texts) }
}

/// The different conditions that the policies of a processor ask for; equal ones share a bit.
struct SpanConditionPlan: Sendable {
    private(set) var bits: [SpanCondition: Int] = [:]

    /// The condition's place in `MatchSet`; nil when there are too many.
    mutating func add(_ condition: SpanCondition) -> Int? {
        if let known = bits[condition] { return known }
        guard bits.count < MatchSet.capacity else { return nil }
        let bit = bits.count
        bits[condition] = bit
        return bit
    }
}
