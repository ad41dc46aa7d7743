/// A set of `Span.kind`s.
struct SpanKindSet: OptionSet, Sendable, Hashable {
    let rawValue: UInt8

    static let server = SpanKindSet(kind: 2)
    static let client = SpanKindSet(kind: 3)
    static let producer = SpanKindSet(kind: 4)
    static let consumer = SpanKindSet(kind: 5)
    static let all = SpanKindSet(rawValue: 0x3f)

    /// The spellings in a configuration.
    static let names: KeyValuePairs<String, SpanKindSet> = [
        "unspecified": SpanKindSet(kind: 0), "internal": SpanKindSet(kind: 1), "server": .server, "client": .client,
        "producer": .producer, "consumer": .consumer,
    ]

    init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// - Parameter kind: the number of `Span.kind`; a kind that the standard does not have is in no set.
    init(kind: UInt8) {
        rawValue = kind < 6 ? 1 << kind : 0
    }

    func includes(kind: UInt8) -> Bool { !isDisjoint(with: SpanKindSet(kind: kind)) }
}
