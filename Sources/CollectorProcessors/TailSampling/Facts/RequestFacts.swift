import OTLPWire

/// What is found out about a request once, whatever the number of its spans: senders may put many attributes on a
/// resource and many spans beside it. For one thread.
struct RequestFacts {
    let conditions: SpanConditions.OfRequest
    let keys: ResourceKeys

    init(_ facts: SpanFacts, _ bytes: Span<UInt8>, _ index: TraceIndex, now: UInt64) {
        conditions = facts.conditions.ofRequest(bytes, index)
        keys = facts.keyTables.resourceKeys(bytes, index, now: now)
    }
}
