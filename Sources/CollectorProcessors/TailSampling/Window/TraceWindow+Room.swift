// Where memory comes from when the log is full: first from a sparse segment, then from deciding early.

import OTLPWire

extension TraceWindow {
    /// Spans of a trace that are moved to empty a segment; longer chains are left alone.
    private static let longestChainMoved = 1024

    /// Opens a segment for a record of `size`, deciding the oldest traces as far as that needs; false when even an
    /// empty window has no room.
    /// - Parameter mayMove: whether a sparse segment may be emptied on the occasion.
    mutating func makeRoom(for size: Int, mayMove: Bool, now: UInt64) -> Bool {
        while !log.open(for: size, &allowance) {
            guard relieve(now: now) else { return false }
        }
        if mayMove { evacuateSparse() }
        return true
    }

    /// Decides every trace that has a span in the oldest segment and lets spans of decided traces out; false when the
    /// window is empty. A step at a time: several may be needed until a segment is free.
    mutating func relieve(now: UInt64) -> Bool {
        if table.nextToLeave == nil {
            guard log.segments.oldest != none else { return false }
            for trace in tracesAlive(in: Int(log.segments.oldest)) { decide(trace, .pressure, now: now) }
        }
        guard table.nextToLeave != nil else { return false }
        drain()
        return true
    }

    /// Decides the oldest traces and gives the memory of those that have left back, a step at a time; nil when there is
    /// nothing to decide.
    mutating func shed(now: UInt64) -> Departures? {
        guard relieve(now: now) else { return nil }
        let departures = depart(now: now)
        // The first call sees what is empty, the second gives it back.
        trim(now: now)
        trim(now: now)
        return departures
    }

    /// The undecided traces with a span in a segment, in the order of their first one there.
    private func tracesAlive(in segment: Int) -> [UInt32] {
        var traces: [UInt32] = []
        var known: Set<UInt32> = []
        let bytes = log.bytes
        log.forEachSpan(in: segment) { position, record in
            guard !known.contains(record.trace) else { return }
            let entry = table[record.trace]
            guard entry.place.isUndecided else { return }
            // The span may have left, and its entry be another trace's now.
            let span = SpanEntry(bytes, span: record.range(at: position), scope: 0)
            guard span.traceID == entry.features.traceID else { return }
            known.insert(record.trace)
            traces.append(record.trace)
        }
        return traces
    }

    /// Empties a segment of which little is alive, by moving that to the open one: a few slow traces would keep all of
    /// its memory.
    private mutating func evacuateSparse() {
        guard let segment = log.nextSparse() else { return }
        let traces = tracesAlive(in: segment)
        guard traces.allSatisfy({ table[$0].features.spanCount <= Self.longestChainMoved }) else { return }
        var groups: [UInt32: UInt32] = [:]
        for trace in traces { moveSpans(of: trace, outOf: segment, &groups) }
    }

    /// Moves a trace's spans in `segment` to the open one and links them anew, as far as there is room.
    private mutating func moveSpans(of trace: UInt32, outOf segment: Int, _ groups: inout [UInt32: UInt32]) {
        var newer = none
        var position = table[trace].lastSpan
        // Where the whole trace is afterwards is only known if it was in one place before and nothing stays behind.
        let wasWhole = table[trace].segment == UInt32(segment)
        table[trace].segment = none
        while position != none {
            let record = log.record(at: position)
            if Int(position) / SegmentTable.segmentBytes == segment {
                guard let group = movedGroup(record, &groups) else { return }
                let moved = log.relocate(position, record, group: group)
                if newer == none { table[trace].lastSpan = moved } else { log.setPrevious(moved, at: newer) }
                newer = moved
            } else {
                newer = position
            }
            position = record.previous
        }
        if wasWhole { table[trace].segment = log.segments.newest }
    }

    /// The place of a record's group in the open segment, where there must be room for the record too; nil when there
    /// is none.
    private mutating func movedGroup(_ record: SpanRecord, _ groups: inout [UInt32: UInt32]) -> UInt32? {
        let size = SpanRecord.headerSize + Int(record.size)
        if let known = groups[record.group] { return log.hasRoom(for: size) ? known : nil }
        let scope = log.groupRecord(at: record.group)
        let resource = log.groupRecord(at: scope.resource)
        let bytes = scope.head.count + scope.tail.count + resource.head.count + resource.tail.count
        guard log.hasRoom(for: size + bytes + 2 * GroupRecord.headerSize) else { return nil }
        let parent = groups[scope.resource] ?? log.moveGroup(resource, resource: none)
        groups[scope.resource] = parent
        let moved = log.moveGroup(scope, resource: parent)
        groups[record.group] = moved
        return moved
    }
}
