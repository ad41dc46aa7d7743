// Kept spans on their way out of the log, into a body of their own: grouped by resource and scope whatever segments and
// requests they came by, traces in the order of their decision, spans in the order of their arrival.

import NIOCore
import OTLPWire

struct Release {
    struct Kept {
        var position: UInt32
        var record: SpanRecord
        /// Which of `decisions` it follows.
        var decision: Int
    }

    private(set) var spans: [Kept] = []
    private(set) var byteCount = 0
    private var decisions: [Decision] = []

    mutating func add(_ position: UInt32, _ record: SpanRecord) {
        spans.append(Kept(position: position, record: record, decision: decisions.count))
        byteCount += Int(record.size)
    }

    /// Ends a trace whose spans were added from `start` on, the last one first unless they were turned before.
    mutating func finishTrace(from start: Int, _ decision: Decision, isTurned: Bool) {
        guard spans.count > start else { return }
        if !isTurned { spans[start...].reverse() }
        decisions.append(decision)
    }

    /// The spans as an export request with its index.
    func write(_ log: borrowing SpanLog) -> (body: ByteBuffer, index: TraceIndex) {
        let bytes = log.bytes
        var groups = ReleasedGroups()
        var byScope: [[Int]] = []
        var lastGroup = none
        var lastScope = 0
        for (position, span) in spans.enumerated() {
            if span.record.group != lastGroup {
                lastGroup = span.record.group
                lastScope = groups.scope(lastGroup, log)
                while byScope.count <= lastScope { byScope.append([]) }
            }
            byScope[lastScope].append(position)
        }
        var index = TraceIndex()
        index.resources = groups.resources
        index.scopes = groups.scopes
        index.isWhole = false
        index.spans.reserveCapacity(spans.count)
        for scope in groups.scopesByResource() {
            for position in byScope[scope] {
                let span = spans[position]
                let range = span.record.range(at: span.position)
                let entry = SpanEntry(bytes, span: range, scope: UInt32(scope))
                index.append(entry, following: decisions[span.decision], bytes)
            }
        }
        return index.written(bytes)
    }
}

/// The groups of released spans, those of several segments that say the same as one.
private struct ReleasedGroups {
    private(set) var resources: [GroupEntry] = []
    private(set) var scopes: [GroupEntry] = []
    private var byPosition: [UInt32: Int] = [:]
    private var resourcesByHash: [UInt64: Int] = [:]
    private var scopesByHash: [UInt64: Int] = [:]

    /// The index of the scope at a position in the log.
    mutating func scope(_ position: UInt32, _ log: borrowing SpanLog) -> Int {
        if let known = byPosition[position] { return known }
        let record = log.groupRecord(at: position)
        let parent = resource(log.groupRecord(at: record.resource), log)
        let scope = Self.place(record, parent: parent, in: &scopes, &scopesByHash, log)
        byPosition[position] = scope
        return scope
    }

    private mutating func resource(_ record: GroupRecord, _ log: borrowing SpanLog) -> Int {
        Self.place(record, parent: 0, in: &resources, &resourcesByHash, log)
    }

    private static func place(
        _ record: GroupRecord, parent: Int, in groups: inout [GroupEntry], _ known: inout [UInt64: Int],
        _ log: borrowing SpanLog
    ) -> Int {
        let bytes = log.bytes
        if let index = known[record.hash], Int(groups[index].parent) == parent,
            areEqual(bytes, groups[index].head, bytes, record.head),
            areEqual(bytes, groups[index].tail, bytes, record.tail)
        {
            return index
        }
        groups.append(GroupEntry(head: record.head, tail: record.tail, parent: UInt32(parent)))
        known[record.hash] = groups.count - 1
        return groups.count - 1
    }

    /// The scopes so that those of one resource follow each other.
    func scopesByResource() -> [Int] {
        var children = [[Int]](repeating: [], count: resources.count)
        for (position, scope) in scopes.enumerated() { children[Int(scope.parent)].append(position) }
        return children.flatMap { $0 }
    }
}
