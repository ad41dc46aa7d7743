package import OTLPWire

/// A span as conditions see it: a view of the validated request it came with, without copies.
package struct OTTLSpan: ~Escapable {
    /// The request. All ranges are offsets into it.
    let bytes: Span<UInt8>
    let entry: SpanEntry
    /// Its ResourceSpans.
    let resource: GroupEntry
    /// Its ScopeSpans.
    let scope: GroupEntry

    @_lifetime(copy bytes)
    package init(_ bytes: Span<UInt8>, entry: SpanEntry, resource: GroupEntry, scope: GroupEntry) {
        self.bytes = bytes
        self.entry = entry
        self.resource = resource
        self.scope = scope
    }
}

/// What a condition is evaluated against: a span, or one of its events.
struct OTTLSubject: ~Escapable {
    let span: OTTLSpan
    /// The Event message; empty in the span context.
    let event: ByteRange
    /// The event's position among the span's events.
    let eventIndex: Int64
    /// What is known from spans before.
    let memory: OTTLMemory?

    var bytes: Span<UInt8> {
        @_lifetime(copy self)
        get { span.bytes }
    }

    @_lifetime(copy span)
    init(
        _ span: borrowing OTTLSpan, _ memory: OTTLMemory?, event: ByteRange = .empty, eventIndex: Int64 = 0
    ) {
        self.span = copy span
        self.memory = memory
        self.event = event
        self.eventIndex = eventIndex
    }
}
