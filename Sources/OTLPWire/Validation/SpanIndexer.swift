/// Collects spans. A span whose ids are not what they must be is refused alone (conformance 65).
struct SpanIndexer: ItemIndexer {
    static let requestShape = MessageShape.traceRequest
    static let resourceShape = MessageShape.resourceSpans
    static let scopeShape = MessageShape.scopeSpans

    var groups = Groups()
    var spans: [SpanEntry] = []
    var refused = RefusedItems()

    var itemCount: Int { spans.count }

    mutating func item(_ validator: inout Validator, _ end: Int) throws(WireError) {
        var entry = SpanEntry(
            traceID: TraceID(high: 0, low: 0), spanID: 0, startNanoseconds: 0, endNanoseconds: 0,
            range: ByteRange(validator.at, end), traceState: .empty,
            scope: groups.currentScope, flags: 0, kind: 0, statusCode: 0,
            traceStatePrefix: 0, hasParent: false, isEdited: false)
        let problem = try validator.span(&entry, end)
        if let problem {
            refused.add(problem)
        } else {
            spans.append(entry)
        }
    }
}
