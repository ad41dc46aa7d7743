/// The outcome of validating one export request.
package struct Validation: Sendable {
    package var index: RequestIndex
    /// Whether the message has a shape that merging or regrouping would change (a singular message that occurs twice, a
    /// resource behind its scopes). It must be rewritten canonically and validated again; `index` is not to be used.
    package var needsCanonicalForm: Bool
    /// Items that are well-formed but invalid by their meaning. Spans among them are not in the index any more; data
    /// points still stand in the message (`refusedPoints`, to be cut out by `withoutRefusedPoints`).
    package var refusedCount: Int
    /// Why the first one was refused.
    package var refusedReason: String
    package var refusedPoints: [RefusedPoints]
}

/// Validates an ExportTraceServiceRequest.
/// - Parameter spanCount: how many there are, if that is known (`countSpans`).
package func validateTraces(_ bytes: Span<UInt8>, spanCount: Int? = nil) throws(WireError) -> Validation {
    var indexer = SpanIndexer()
    // One allocation for ordinary spans; those that are smaller make the array grow.
    indexer.spans.reserveCapacity(spanCount ?? bytes.count / 400)
    let rules = Schema.rules
    var validator = Validator(bytes, rules: rules.span)
    try validator.request(&indexer)
    var index = TraceIndex()
    index.resources = indexer.groups.resources
    index.scopes = indexer.groups.scopes
    index.spans = indexer.spans
    index.isWhole = indexer.refused.count == 0 && !indexer.groups.leftOut
    return Validation(
        index: .traces(index), needsCanonicalForm: validator.needsCanonicalForm, refusedCount: indexer.refused.count,
        refusedReason: indexer.refused.reason, refusedPoints: [])
}

/// Validates an ExportMetricsServiceRequest.
package func validateMetrics(_ bytes: Span<UInt8>) throws(WireError) -> Validation {
    var indexer = MetricIndexer()
    indexer.metrics.reserveCapacity(bytes.count / 512)
    let rules = Schema.rules
    var validator = Validator(bytes, rules: rules.span)
    try validator.request(&indexer)
    var index = MetricIndex()
    index.resources = indexer.groups.resources
    index.scopes = indexer.groups.scopes
    index.metrics = indexer.metrics
    index.pointCount = indexer.pointCount
    return Validation(
        index: .metrics(index), needsCanonicalForm: validator.needsCanonicalForm, refusedCount: indexer.refused.count,
        refusedReason: indexer.refused.reason, refusedPoints: indexer.refusedPoints)
}

/// Validates an ExportLogsServiceRequest.
package func validateLogs(_ bytes: Span<UInt8>) throws(WireError) -> Validation {
    var indexer = LogIndexer()
    let rules = Schema.rules
    var validator = Validator(bytes, rules: rules.span)
    try validator.request(&indexer)
    var index = LogIndex()
    index.recordCount = indexer.itemCount
    return Validation(
        index: .logs(index), needsCanonicalForm: validator.needsCanonicalForm, refusedCount: 0, refusedReason: "",
        refusedPoints: [])
}
