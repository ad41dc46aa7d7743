import OTLPWire

/// The conditions on attributes, by key, so that one walk over the attributes of a span or resource answers all of them.
/// Every occurrence of a repeated key counts.
struct AttributeTests: Sendable {
    /// The conditions on the values of one key, while they are gathered.
    private struct KeyTests: Sendable {
        var texts = ByteStringTable([])
        /// The conditions that each of the texts meets.
        var textMatches: [MatchSet] = []
        var patterns: [(list: PatternList, bit: Int)] = []
        var ranges: [(range: ClosedRange<Int64>, bit: Int)] = []
        var whenTrue = MatchSet()
        var whenFalse = MatchSet()
    }

    /// The conditions on the values of one key. An object, so that asking counts one reference and not that of each list.
    private final class Key: Sendable {
        let tests: KeyTests

        init(_ tests: KeyTests) {
            self.tests = tests
        }
    }

    private let keys: ByteStringTable
    private let tests: [Key]

    var isEmpty: Bool { tests.isEmpty }

    init(_ conditions: [SpanCondition: Int]) {
        var byKey: [[UInt8]: KeyTests] = [:]
        var texts: [[UInt8]: [[UInt8]: MatchSet]] = [:]
        for (condition, bit) in conditions {
            switch condition {
            case .text(let key, let values):
                if byKey[key] == nil { byKey[key] = KeyTests() }
                for value in values { texts[key, default: [:]][value, default: MatchSet()].insert(bit) }
            case .pattern(let key, let list): byKey[key, default: KeyTests()].patterns.append((list, bit))
            case .integer(let key, let range): byKey[key, default: KeyTests()].ranges.append((range, bit))
            case .boolean(let key, true): byKey[key, default: KeyTests()].whenTrue.insert(bit)
            case .boolean(let key, false): byKey[key, default: KeyTests()].whenFalse.insert(bit)
            case .hasLinks, .isFlaggedSampled, .traceState, .ottl, .ottlFailure: break
            }
        }
        for (key, values) in texts {
            let values = Array(values)
            byKey[key]?.texts = ByteStringTable(values.map(\.key))
            byKey[key]?.textMatches = values.map(\.value)
        }
        let all = Array(byKey)
        keys = ByteStringTable(all.map(\.key))
        tests = all.map { Key($0.value) }
    }

    /// Adds the conditions that an attribute meets.
    /// - Parameter keyValue: the KeyValue message.
    @inline(__always)
    func ask(_ bytes: Span<UInt8>, keyValue: ByteRange, _ matches: inout MatchSet) {
        var reader = WireReader(bytes, keyValue)
        // As every encoder writes it: the key, the value, nothing else.
        if reader.varint() == Self.keyTag, let key = reader.lengthDelimited(), reader.varint() == Self.valueTag,
            let value = reader.lengthDelimited(), reader.isAtEnd
        {
            guard let index = keys.index(of: key, in: bytes) else { return }
            ask(tests[index], bytes, value, &matches)
        } else {
            askOdd(bytes, keyValue, &matches)
        }
    }

    private static let keyTag: UInt64 = 1 << 3 | 2
    private static let valueTag: UInt64 = 2 << 3 | 2

    /// The same for fields in any order and number; the last ones count.
    private func askOdd(
        _ bytes: Span<UInt8>, _ keyValue: ByteRange, _ matches: inout MatchSet
    ) {
        var key = ByteRange.empty
        var value = ByteRange.empty
        var fields = FieldCursor(bytes, keyValue)
        while let field = fields.next() {
            switch field.number {
            case 1: key = field.payload
            case 2: value = field.payload
            default: break
            }
        }
        guard let index = keys.index(of: key, in: bytes) else { return }
        ask(tests[index], bytes, value, &matches)
    }

    private func ask(
        _ key: Key, _ bytes: Span<UInt8>, _ value: ByteRange, _ matches: inout MatchSet
    ) {
        switch AttributeValue(bytes, anyValue: value) {
        case .string(let text):
            if let index = key.tests.texts.index(of: text, in: bytes) {
                matches.formUnion(key.tests.textMatches[index])
            }
            for pattern in key.tests.patterns where !matches[pattern.bit] {
                if pattern.list.matches(bytes, text) { matches.insert(pattern.bit) }
            }
        case .int(let number):
            for test in key.tests.ranges where test.range.contains(number) { matches.insert(test.bit) }
        case .bool(let flag): matches.formUnion(flag ? key.tests.whenTrue : key.tests.whenFalse)
        case .empty, .double, .array, .keyValueList, .bytes: break
        }
    }
}
