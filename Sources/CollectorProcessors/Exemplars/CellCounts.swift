/// What points have counted in the cells of a series: an exemplar in a bucket that counts nothing would be of another
/// series.
struct CellCounts: Sendable {
    private struct Cell: Sendable {
        var count: UInt64
        /// The number of the point that counted something here last.
        var grownAt: UInt64
    }

    private var cells: [Int: Cell] = [:]
    private var points: UInt64 = 0
    /// False when the points do not say.
    private var isKnown = false

    /// How many cells are known.
    var count: Int { cells.count }

    /// Learns from the next point.
    mutating func learn(_ point: PointShape) {
        points += 1
        guard let counts = point.populated else {
            cells = [:]
            isKnown = false
            return
        }
        isKnown = true
        if point.isDelta {
            for (cell, count) in counts where cells.count < TrackedSeries.cellLimit || cells[cell] != nil {
                cells[cell] = Cell(count: (cells[cell]?.count ?? 0) &+ count, grownAt: points)
            }
            return
        }
        var new: [Int: Cell] = [:]
        new.reserveCapacity(min(counts.count, TrackedSeries.cellLimit))
        for (cell, count) in counts.prefix(TrackedSeries.cellLimit) {
            let before = cells[cell]
            new[cell] = Cell(count: count, grownAt: before?.count == count ? before?.grownAt ?? points : points)
        }
        cells = new
    }

    /// Whether something was counted in a cell.
    func isPopulated(_ cell: Int) -> Bool { !isKnown || cells[cell] != nil }

    /// Whether one of the last two points has counted something more there.
    func hasGrown(_ cell: Int) -> Bool {
        guard isKnown else { return true }
        return cells[cell].map { $0.grownAt + 1 >= points } ?? false
    }
}
