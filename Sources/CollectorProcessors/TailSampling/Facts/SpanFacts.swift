import CollectorCore

/// What is found out about each arriving span for the policies, before any lock is taken.
struct SpanFacts: Sendable {
    let conditions: SpanConditions
    let keyTables: TraceKeyTables

    init(_ builder: PolicyBuilder, _ hashKeys: HashKeys = .secret) {
        conditions = SpanConditions(builder.conditions)
        keyTables = TraceKeyTables(builder.keys, builder.keyRegistry, secret: hashKeys.key(2))
    }
}
