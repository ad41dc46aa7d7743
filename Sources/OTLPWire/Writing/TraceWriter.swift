// Writes the spans an index names as an ExportTraceServiceRequest: ranges of the original bytes under new length
// prefixes. Groups keep everything they had except the spans that are gone, and groups without spans are left out.

/// A plan of one message, sized before it is written.
package struct TraceWriter {
    /// Spans that follow each other in one group.
    struct Run {
        var group: Int
        /// Positions in the level below: spans of a scope, scope runs of a resource.
        var children: Range<Int>
        var payloadSize: Int
    }

    let index: TraceIndex
    private(set) var scopeRuns: [Run] = []
    private(set) var resourceRuns: [Run] = []
    /// The bytes that `write` will append.
    package private(set) var size = 0

    package init(_ index: TraceIndex) {
        self.index = index
        planScopes()
        planResources()
    }

    private mutating func planScopes() {
        var start = 0
        while start < index.spans.count {
            let scope = index.spans[start].scope
            let group = index.scopes[Int(scope)]
            var end = start
            var payload = group.head.count + group.tail.count
            while end < index.spans.count, index.spans[end].scope == scope {
                payload += fieldSize(payload: writtenSize(index.spans[end]))
                end += 1
            }
            scopeRuns.append(Run(group: Int(scope), children: start..<end, payloadSize: payload))
            start = end
        }
    }

    private mutating func planResources() {
        var start = 0
        while start < scopeRuns.count {
            let resource = index.scopes[scopeRuns[start].group].parent
            let group = index.resources[Int(resource)]
            var end = start
            var payload = group.head.count + group.tail.count
            while end < scopeRuns.count, index.scopes[scopeRuns[end].group].parent == resource {
                payload += fieldSize(payload: scopeRuns[end].payloadSize)
                end += 1
            }
            resourceRuns.append(Run(group: Int(resource), children: start..<end, payloadSize: payload))
            size += fieldSize(payload: payload)
            start = end
        }
    }

    func writtenSize(_ span: SpanEntry) -> Int {
        guard span.isEdited, let state = index.traceStates[span.range.lower] else { return span.range.count }
        return span.range.count - traceStateFieldSize(span) + (state.isEmpty ? 0 : fieldSize(payload: state.count))
    }

    /// The bytes of the tracestate field in the original span; 0 when there is none.
    private func traceStateFieldSize(_ span: SpanEntry) -> Int {
        span.traceState == .empty ? 0 : span.traceState.count + prefixSize(span)
    }

    /// The tag and length in front of the tracestate. Lengths may be written longer than needed, so the index keeps how
    /// long they are.
    func prefixSize(_ span: SpanEntry) -> Int { Int(span.traceStatePrefix) }

    /// Appends the message; `bytes` are those the index was made of.
    @_lifetime(writer: copy writer)
    package func write(_ bytes: Span<UInt8>, to writer: inout WireWriter) {
        for resource in resourceRuns {
            let group = index.resources[resource.group]
            writer.prefix(field: 1, length: resource.payloadSize)
            writer.copy(bytes, group.head)
            for scope in scopeRuns[resource.children] {
                let group = index.scopes[scope.group]
                writer.prefix(field: 2, length: scope.payloadSize)
                writer.copy(bytes, group.head)
                for span in index.spans[scope.children] { write(span, bytes, &writer) }
                writer.copy(bytes, group.tail)
            }
            writer.copy(bytes, group.tail)
        }
    }

    @_lifetime(writer: copy writer)
    private func write(_ span: SpanEntry, _ bytes: Span<UInt8>, _ writer: inout WireWriter) {
        writer.prefix(field: 2, length: writtenSize(span))
        guard span.isEdited, let state = index.traceStates[span.range.lower] else {
            writer.copy(bytes, span.range)
            return
        }
        let fieldStart = span.traceState.start - prefixSize(span)
        let cut = span.traceState == .empty ? span.range.start..<span.range.start : fieldStart..<span.traceState.end
        writer.copy(bytes, ByteRange(span.range.start, cut.lowerBound))
        if !state.isEmpty {
            writer.prefix(field: 3, length: state.count)
            writer.copy(state)
        }
        writer.copy(bytes, ByteRange(cut.upperBound, span.range.end))
    }
}
