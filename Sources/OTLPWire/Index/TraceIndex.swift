// What validation leaves behind of an ExportTraceServiceRequest: where everything that processors pick and exporters
// write stands in the message's bytes.
//
//     ExportTraceServiceRequest { repeated ResourceSpans resource_spans = 1 }
//     ResourceSpans             { Resource resource = 1; repeated ScopeSpans scope_spans = 2; string schema_url = 3 }
//     ScopeSpans                { InstrumentationScope scope = 1; repeated Span spans = 2; string schema_url = 3 }
//
// A group is everything of its envelope except the children: the fields before the first child (`head`) and those after
// the last one (`tail`), unknown fields included. Envelopes with fields between children do not get an index as they
// are; they are rewritten first (`Validation.needsCanonicalForm`).

/// One ResourceSpans or ScopeSpans (ResourceMetrics, …): its fields other than the children.
package struct GroupEntry: Sendable {
    /// The fields before the first child.
    package var head: ByteRange
    /// The fields after the last child.
    package var tail: ByteRange
    /// The index of the enclosing group; 0 for groups at the top.
    package var parent: UInt32

    package init(head: ByteRange, tail: ByteRange, parent: UInt32) {
        self.head = head
        self.tail = tail
        self.parent = parent
    }

    /// The whole envelope's message, without its tag and length.
    package var payload: ByteRange { ByteRange(head.start, tail.end) }
}

/// One span: its place and the fields that processors decide on.
package struct SpanEntry: Sendable {
    package var traceID: TraceID
    package var spanID: UInt64
    package var startNanoseconds: UInt64
    package var endNanoseconds: UInt64
    /// The Span message, without its tag and length.
    package var range: ByteRange
    /// The value of `trace_state`; empty when there is none.
    package var traceState: ByteRange
    /// The index of its ScopeSpans in `TraceIndex.scopes`.
    package var scope: UInt32
    /// `Span.flags` as sent.
    package var flags: UInt32
    /// The number of `Span.kind`, clamped to 255 for unknown ones.
    package var kind: UInt8
    /// The number of `Status.code`, clamped to 255 for unknown ones.
    package var statusCode: UInt8
    /// The length of the tag and length in front of `traceState`; lengths may be written longer than needed.
    package var traceStatePrefix: UInt8
    /// Whether `parent_span_id` is present and not zero.
    package var hasParent: Bool
    /// Whether the span's tracestate is replaced when it is written (`TraceIndex.traceStates`).
    package var isEdited: Bool
}

/// The index of one request's spans. Copies share their arrays: a processor that drops spans makes a new index over the
/// same bytes by filtering `spans`.
package struct TraceIndex: Sendable {
    package var resources: [GroupEntry] = []
    package var scopes: [GroupEntry] = []
    /// In the order of the message, so grouped by scope.
    package var spans: [SpanEntry] = []
    /// Replacement tracestates by position in the message (`SpanEntry.range.lower`).
    package var traceStates: [UInt32: [UInt8]] = [:]
    /// Whether the message's own bytes say what the index says, so that they can be sent: no span is left out or
    /// edited, and there are no envelopes without spans, which are not forwarded.
    package var isWhole = true

    package init() {}

    /// Replaces the tracestate of the span at `position` of `spans` in what is written; an empty one removes the field.
    package mutating func replaceTraceState(at position: Int, with state: [UInt8]) {
        spans[position].isEdited = true
        traceStates[spans[position].range.lower] = state
        isWhole = false
    }

    /// The index of the spans that `isIncluded` keeps; nil when all are kept (the caller goes on with this one).
    package func filtered(_ isIncluded: (SpanEntry) -> Bool) -> TraceIndex? {
        guard let first = spans.firstIndex(where: { !isIncluded($0) }) else { return nil }
        var kept = self
        kept.isWhole = false
        kept.spans = Array(spans[..<first])
        for span in spans[(first + 1)...] where isIncluded(span) { kept.spans.append(span) }
        return kept
    }
}
