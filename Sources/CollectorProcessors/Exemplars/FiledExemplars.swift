import CollectorCore
import OTLPWire

/// The exemplars of kept traces of one series by cell, and the books about them.
struct FiledExemplars: Sendable {
    private(set) var cells: [Int: CellReservoir] = [:]
    /// How many exemplars there are.
    private(set) var count = 0
    private(set) var bytes = 0
    /// How many that came with points have left, since newer ones have their place, without having been shown.
    private(set) var superseded = 0

    subscript(cell: Int) -> CellReservoir? { cells[cell] }

    /// How many came with points and were not shown yet.
    var owed: Int { cells.values.reduce(0) { $0 + $1.entries.count { $0.isOwed } } }

    mutating func add(_ entry: CellReservoir.Entry, cell: Int, capacity: Int) {
        superseded += change(cell) { $0.add(entry, capacity: capacity) }
    }

    mutating func updateNewest(_ cell: Int, _ change: (inout CellReservoir.Entry) -> Void) {
        cells[cell]?.updateNewest(change)
    }

    /// Notes that an exemplar went on with a point; true when nobody had it before.
    mutating func markAttached(_ exemplar: Exemplar, cell: Int) -> Bool {
        cells[cell]?.markAttached(exemplar) ?? false
    }

    /// Notes that the scrape side has taken an exemplar; true when nobody had it before.
    mutating func markTaken(_ exemplar: Exemplar, cell: Int) -> Bool { cells[cell]?.markTaken(exemplar) ?? false }

    /// The cells that have such an exemplar.
    func cells(with isMeant: (CellReservoir.Entry) -> Bool) -> [Int] {
        cells.compactMap { $1.entries.contains(where: isMeant) ? $0 : nil }
    }

    /// Takes exemplars out, whose fate the caller counts.
    mutating func remove(_ cell: Int, where isGone: (CellReservoir.Entry) -> Bool) -> [CellReservoir.Entry] {
        change(cell) { $0.remove(where: isGone) }
    }

    /// Puts all exemplars into new cells, as many as each of them may have: there may be thousands, and few new cells.
    mutating func rearrange(_ cell: (CellReservoir.Entry) -> Int?) {
        let before = cells.values.flatMap(\.entries)
        (cells, count, bytes) = ([:], 0, 0)
        for entry in before {
            if let cell = cell(entry) {
                add(entry, cell: cell, capacity: CellReservoir.capacity)
            } else if entry.isOwed {
                superseded += 1
            }
        }
    }

    private mutating func change<Result>(_ cell: Int, _ change: (inout CellReservoir) -> Result) -> Result {
        // Out of the table while it changes, so that nothing is copied.
        var reservoir = cells.removeValue(forKey: cell) ?? CellReservoir()
        count -= reservoir.entries.count
        bytes -= reservoir.entries.reduce(0) { $0 + $1.size }
        let result = change(&reservoir)
        count += reservoir.entries.count
        bytes += reservoir.entries.reduce(0) { $0 + $1.size }
        if !reservoir.entries.isEmpty { cells[cell] = reservoir }
        return result
    }
}
