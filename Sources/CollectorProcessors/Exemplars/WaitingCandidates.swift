// Before a series' first point nobody knows its bounds, or that it exists: the first point of a new route comes up to a
// minute after its first span. So spans that no known series measures wait, per resource and operation in cells of
// similar duration (four to an octave), a few of each, until a new series asks for them.
//
// Two generations bound them: when the young one is half of the limit, or has a quarter of the memory, it becomes the old
// one, which goes.
// Series come by the thousand, and each asks: `WaitingView` sorts the spans once for all series with the same labels.

import OTLPWire

/// Spans that wait for a series that measures them.
struct WaitingCandidates: Sendable {
    struct Candidate: Sendable {
        var span: SpanCandidate
        var attributes: [UInt64: UInt64]

        fileprivate var size: Int {
            let texts = attributes.count + span.numbers.count
            return ExemplarCost.waitingSpan + ExemplarCost.waitingAttribute * texts
        }
    }

    private struct Cell: Sendable, Hashable {
        var projection: SpanProjection
        /// Tells operations apart before a series does, but no more of them than this has values.
        var name: UInt8
        var scale: UInt8
    }

    private struct Candidates: Sendable {
        var list: [Candidate] = []
        var changedAt: UInt64 = 0
    }

    private struct Resource: Sendable {
        var cells: [Cell: Candidates] = [:]
        /// The number of the last change.
        var change: UInt64 = 0
        var count = 0

        mutating func put(_ candidates: Candidates, _ cell: Cell, change: UInt64, isNew: Bool) {
            cells[cell] = candidates
            self.change = change
            if isNew { count += 1 }
        }
    }

    private struct Generation: Sendable {
        var resources: [AttributeSetHash: Resource] = [:]
        var count = 0
        var bytes = 0
    }

    private struct ViewKey: Sendable, Hashable {
        var resource: AttributeSetHash
        var keys: Set<UInt64>
    }

    static let perCell = 4
    /// A full cell takes no more than one in this time, so that spans which nothing ever measures cost little.
    private static let interval: UInt64 = 1_000_000_000
    /// Metrics mostly have one set of labels each.
    private static let viewLimit = 16
    private let limit: Int
    private var young = Generation()
    private var old = Generation()
    private var changes: UInt64 = 0
    private var views: [ViewKey: WaitingView] = [:]
    private var viewBytes = 0

    init(limit: Int) {
        self.limit = limit
    }

    /// Adds a span, unless its cell has enough; its attributes are asked for only if they are needed.
    /// - Returns: false when there is no room in memory.
    mutating func add(
        _ span: SpanCandidate, _ projection: SpanProjection, resource: AttributeSetHash, now: UInt64,
        _ memory: inout ExemplarMemory, attributes: () -> [UInt64: UInt64]?
    ) -> Bool {
        if young.count >= max(1, limit / 2) || young.bytes >= memory.limit / 4 { rotate(&memory) }
        let cell = Cell(
            projection: projection, name: UInt8(truncatingIfNeeded: span.name), scale: Self.scale(span.duration))
        var candidates = young.resources[resource]?.cells[cell] ?? Candidates()
        let isFull = candidates.list.count >= Self.perCell
        if isFull, now &- candidates.changedAt < Self.interval { return true }
        guard let attributes = attributes() else { return true }
        let candidate = Candidate(span: span, attributes: attributes)
        guard memory.take(candidate.size) else {
            // The oldest make room for the next ones.
            rotate(&memory)
            return false
        }
        young.bytes += candidate.size
        if isFull {
            let gone = candidates.list.removeFirst().size
            young.bytes -= gone
            memory.change(by: -gone)
        } else {
            young.count += 1
        }
        candidates.list.append(candidate)
        candidates.changedAt = now
        changes += 1
        young.resources[resource, default: Resource()].put(candidates, cell, change: changes, isNew: !isFull)
        return true
    }

    private mutating func rotate(_ memory: inout ExemplarMemory) {
        memory.change(by: -old.bytes)
        old = young
        young = Generation()
        forgetViews(&memory)
    }

    private mutating func forgetViews(_ memory: inout ExemplarMemory) {
        memory.change(by: -viewBytes)
        (views, viewBytes) = ([:], 0)
    }

    /// The candidates that a new series measures, the newest first.
    ///
    /// What that takes is bounded by `work`: without any left the spans are asked as they were last time, or not at all.
    mutating func candidates(
        for series: TrackedSeries, now: UInt64, _ work: inout MatchWork, _ memory: inout ExemplarMemory
    ) -> [SpanCandidate] {
        let key = ViewKey(resource: series.resource, keys: Set(series.rule.spanKeys(series.attributes)))
        let count = (old.resources[key.resource]?.count ?? 0) + (young.resources[key.resource]?.count ?? 0)
        guard count > 0 else { return [] }
        let isCurrent = views[key].map { $0.change >= young.resources[key.resource]?.change ?? 0 } ?? false
        if !isCurrent, work.take(count * (2 + min(key.keys.count, 16)), now: now) { makeView(key, &memory) }
        return views[key]?.candidates(for: series, now: now, &work) ?? []
    }

    private mutating func makeView(_ key: ViewKey, _ memory: inout ExemplarMemory) {
        if let former = views.removeValue(forKey: key) {
            viewBytes -= former.size
            memory.change(by: -former.size)
        }
        if views.count >= Self.viewLimit { forgetViews(&memory) }
        let waiting = [old, young].compactMap { $0.resources[key.resource]?.cells.values.flatMap(\.list) }
        let view = WaitingView(waiting.flatMap { $0 }, keys: key.keys, change: changes)
        guard memory.take(view.size) else { return }
        viewBytes += view.size
        views[key] = view
    }

    /// A logarithmic scale with four steps to an octave.
    static func scale(_ duration: UInt64) -> UInt8 {
        guard duration > 3 else { return UInt8(duration) }
        let exponent = 63 - duration.leadingZeroBitCount
        let step = (duration >> UInt64(exponent - 2)) & 3
        return UInt8(exponent * 4) + UInt8(step)
    }
}
