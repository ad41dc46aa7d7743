import OTLPWire

/// Which cells of a series have an exemplar, as far as `promote` asks: those without one for a while may have a trace kept.
struct CellPromotions: Sendable {
    private struct Shown: Sendable {
        var trace: TraceID
        var at: UInt64
    }

    private struct Wish: Sendable {
        var trace: TraceID
        var until: UInt64
    }

    /// An exemplar is enough for this long.
    private static let interval: UInt64 = 60_000_000_000

    private var shown: [Int: Shown] = [:]
    private var wishes: [Int: Wish] = [:]
    /// Spans by cell, of all traces, whatever became of them.
    private var seen: [Int: Int] = [:]
    private var seenInAll = 0
    /// What was seen counts half when this much more has come.
    private static let halfLife = 100_000

    /// How many entries there are.
    var count: Int { shown.count + wishes.count + seen.count }

    /// Notes a span of a trace that is still to be decided.
    mutating func count(_ cell: Int) {
        if seenInAll >= Self.halfLife {
            seen = seen.mapValues { $0 / 2 }
            seenInAll = seen.values.reduce(0, +)
        }
        guard seen.count < TrackedSeries.cellLimit || seen[cell] != nil else { return }
        seen[cell, default: 0] += 1
        seenInAll += 1
    }

    /// Whether half of the spans or more lie in lower cells.
    func isAboveMedian(_ cell: Int) -> Bool {
        let below = seen.reduce(0) { $1.key < cell ? $0 + $1.value : $0 }
        return below > 0 && below * 2 >= seenInAll
    }

    /// Whether a cell has no exemplar and no candidate that would be kept for it.
    func isNeeded(_ cell: Int, now: UInt64) -> Bool {
        if let shown = shown[cell], now &- shown.at < Self.interval { return false }
        guard shown.count < TrackedSeries.cellLimit else { return false }
        guard let wish = wishes[cell] else { return true }
        return now >= wish.until
    }

    /// Makes a trace the one to be kept for a cell.
    /// - Returns: the one that it takes the place of.
    mutating func wish(_ trace: TraceID, for cell: Int, until: UInt64) -> TraceID? {
        let former = wishes.updateValue(Wish(trace: trace, until: until), forKey: cell)
        return former?.trace
    }

    /// A cell has got an exemplar.
    /// - Returns: the trace that needs no keeping for it any more.
    mutating func show(_ trace: TraceID, in cell: Int, now: UInt64) -> TraceID? {
        if shown.count < TrackedSeries.cellLimit || shown[cell] != nil { shown[cell] = Shown(trace: trace, at: now) }
        return wishes.removeValue(forKey: cell)?.trace
    }

    /// A cell's candidate is none any more.
    mutating func lose(_ trace: TraceID, in cell: Int) {
        if wishes[cell]?.trace == trace { wishes[cell] = nil }
    }

    /// Cells that showed these traces are without an exemplar again.
    mutating func withdraw(_ traces: Set<TraceID>) {
        for (cell, entry) in shown where traces.contains(entry.trace) { shown[cell] = nil }
    }
}
