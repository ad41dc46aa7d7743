// Kept spans on their way out of the log, into a body of their own: grouped by resource and scope whatever segments and
// requests they came by, traces in the order of their decision, spans in the order of their arrival.

import NIOCore
import OTLPWire

struct Release {
    struct Kept {
        var position: UInt32
        var record: SpanRecord
        /// Which of the scopes it belongs to.
        var scope: Int
        /// Which of `decisions` it follows.
        var decision: Int
    }

    private(set) var spans: [Kept] = []
    /// Of the spans alone.
    private(set) var byteCount = 0
    private var decisions: [Decision] = []
    private var groups = ReleasedGroups()
    private var lastGroup = none
    private var lastScope = 0

    /// Steps of work, and bytes of spans, in one lock hold: a span that is looked at is a step, and so is a trace that is
    /// forgotten as a whole. A hold is as long as others spin for the lock: whoever has to sleep for it also waits for a
    /// core, and so does everybody behind.
    static let stepsAtOnce = 256
    private static let bytesAtOnce = 64 << 10

    /// The same with what the spans bring along: resources and scopes are copied into every body, so a hold that copies
    /// a large one goes on for longer. Else a megabyte of a resource would be sent again with every few hundred spans.
    var hold: (steps: Int, bytes: Int) {
        let large = min(groups.largest, Self.largestCounted)
        return (Self.stepsAtOnce + large / 64, Self.bytesAtOnce + large)
    }

    /// Beyond this size a resource does not make holds longer.
    private static let largestCounted = 4 << 20

    /// Whether all spans so far are fewer bytes than the largest resource or scope among what they bring along.
    var isMostlyOneGroup: Bool { byteCount < groups.largest }

    mutating func add(_ position: UInt32, _ record: SpanRecord, _ log: borrowing SpanLog) {
        if record.group != lastGroup {
            lastGroup = record.group
            lastScope = groups.scope(lastGroup, log)
        }
        spans.append(Kept(position: position, record: record, scope: lastScope, decision: decisions.count))
        byteCount += Int(record.size)
    }

    /// Ends a trace whose spans were added from `start` on, the last one first unless they were turned before.
    mutating func finishTrace(from start: Int, _ decision: Decision, isTurned: Bool) {
        guard spans.count > start else { return }
        if !isTurned { turn(from: start) }
        decisions.append(decision)
    }

    /// In place: `reverse()` of a slice would copy all spans for every trace.
    private mutating func turn(from start: Int) {
        var (first, last) = (start, spans.count - 1)
        while first < last {
            spans.swapAt(first, last)
            first += 1
            last -= 1
        }
    }

    /// The spans as an export request with its index.
    func write(_ log: borrowing SpanLog) -> (body: ByteBuffer, index: TraceIndex) {
        let bytes = log.bytes
        var byScope = [[Int]](repeating: [], count: groups.scopes.count)
        for (position, span) in spans.enumerated() { byScope[span.scope].append(position) }
        var index = TraceIndex()
        index.resources = groups.resources
        index.scopes = groups.scopes
        index.isWhole = false
        index.spans.reserveCapacity(spans.count)
        var traceStates = KeptTraceStates(traces: decisions.count)
        for scope in groups.scopesByResource() {
            for position in byScope[scope] {
                let span = spans[position]
                let range = span.record.range(at: span.position)
                let entry = SpanEntry(bytes, span: range, scope: UInt32(scope))
                let state = traceStates.traceState(
                    of: entry, trace: span.decision, following: decisions[span.decision], bytes)
                index.append(entry, traceState: state)
            }
        }
        return index.written(bytes)
    }
}

/// The groups of released spans, those of several segments that say the same as one.
private struct ReleasedGroups {
    private(set) var resources: [GroupEntry] = []
    private(set) var scopes: [GroupEntry] = []
    /// The bytes of the largest of them.
    private(set) var largest = 0
    private var byPosition: [UInt32: Int] = [:]
    private var resourcesByHash: [UInt64: Int] = [:]
    private var scopesByHash: [UInt64: Int] = [:]

    /// The index of the scope at a position in the log.
    mutating func scope(_ position: UInt32, _ log: borrowing SpanLog) -> Int {
        if let known = byPosition[position] { return known }
        let record = log.groupRecord(at: position)
        let parent = resource(log.groupRecord(at: record.resource), log)
        let scope = Self.place(record, parent: parent, in: &scopes, &scopesByHash, &largest, log)
        byPosition[position] = scope
        return scope
    }

    private mutating func resource(_ record: GroupRecord, _ log: borrowing SpanLog) -> Int {
        Self.place(record, parent: 0, in: &resources, &resourcesByHash, &largest, log)
    }

    private static func place(
        _ record: GroupRecord, parent: Int, in groups: inout [GroupEntry], _ known: inout [UInt64: Int],
        _ largest: inout Int, _ log: borrowing SpanLog
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
        largest = max(largest, record.head.count + record.tail.count)
        return groups.count - 1
    }

    /// The scopes so that those of one resource follow each other.
    func scopesByResource() -> [Int] {
        var children = [[Int]](repeating: [], count: resources.count)
        for (position, scope) in scopes.enumerated() { children[Int(scope.parent)].append(position) }
        return children.flatMap { $0 }
    }
}
