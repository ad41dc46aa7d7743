extension TraceWriter {
    /// The index of the message that `write` appends, by arithmetic instead of a second look at the bytes. It has only
    /// the groups and spans that are written, edits applied.
    package func writtenIndex() -> TraceIndex {
        var written = TraceIndex()
        written.resources.reserveCapacity(resourceRuns.count)
        written.scopes.reserveCapacity(scopeRuns.count)
        written.spans.reserveCapacity(index.spans.count)
        var at = 0
        for resource in resourceRuns {
            at += fieldSize(payload: resource.payloadSize) - resource.payloadSize
            let group = index.resources[resource.group]
            let head = advance(&at, group.head.count)
            for scope in scopeRuns[resource.children] {
                at += fieldSize(payload: scope.payloadSize) - scope.payloadSize
                let group = index.scopes[scope.group]
                let head = advance(&at, group.head.count)
                for span in index.spans[scope.children] {
                    let size = writtenSize(span)
                    at += fieldSize(payload: size) - size
                    let position = UInt32(truncatingIfNeeded: written.scopes.count)
                    written.spans.append(placed(span, at: at, size: size, scope: position))
                    at += size
                }
                let parent = UInt32(truncatingIfNeeded: written.resources.count)
                written.scopes.append(GroupEntry(head: head, tail: advance(&at, group.tail.count), parent: parent))
            }
            written.resources.append(GroupEntry(head: head, tail: advance(&at, group.tail.count), parent: 0))
        }
        return written
    }

    private func advance(_ position: inout Int, _ count: Int) -> ByteRange {
        defer { position += count }
        return ByteRange(position, position + count)
    }

    /// The entry of a span that is written from `start` on.
    private func placed(_ span: SpanEntry, at start: Int, size: Int, scope: UInt32) -> SpanEntry {
        var entry = span
        entry.range = ByteRange(start, start + size)
        entry.scope = scope
        entry.isEdited = false
        let fieldOffset = span.traceState == .empty ? 0 : span.traceState.start - prefixSize(span) - span.range.start
        var stateSize = span.traceState.count
        var prefix = prefixSize(span)
        if span.isEdited, let state = index.traceStates[span.range.lower] {
            stateSize = state.count
            prefix = state.isEmpty ? 0 : fieldSize(payload: stateSize) - stateSize
        }
        entry.traceStatePrefix = UInt8(truncatingIfNeeded: prefix)
        let state = start + fieldOffset + prefix
        entry.traceState = prefix == 0 ? .empty : ByteRange(state, state + stateSize)
        return entry
    }
}
