/// What escaping made equal: series shown as one, and labels of one series joined.
struct EscapingConflicts {
    var series = 0
    var labels = 0

    mutating func add(_ other: EscapingConflicts) {
        series += other.series
        labels += other.labels
    }
}

/// The labels of a family's series as one escaping scheme shows them, rendered once, and which of them it makes equal.
/// Made when a scrape asks for the scheme first; a scheme that nobody asks for takes no memory.
struct EscapedSeries {
    let scheme: EscapingScheme
    /// By the series' places in the family; empty where there is none.
    private(set) var blocks: [[UInt8]] = []
    /// The places of each block; most have one.
    private var places: [LabelKey: Int] = [:]
    private var groups: [LabelKey: Set<Int>] = [:]
    private var conflicts = EscapingConflicts()

    init(_ scheme: EscapingScheme) {
        self.scheme = scheme
    }

    /// The places taken in so far.
    var count: Int { blocks.count }

    /// Whether several series look like this.
    func isShared(_ block: [UInt8]) -> Bool {
        !groups.isEmpty && groups[LabelKey(block: block)] != nil
    }

    /// The series that look like a shared block, in order.
    func places(of block: [UInt8]) -> [Int] {
        groups[LabelKey(block: block)]?.sorted() ?? []
    }

    mutating func takeConflicts() -> EscapingConflicts {
        defer { conflicts = EscapingConflicts() }
        return conflicts
    }

    /// Takes in the series at the next place.
    mutating func append(labels: [UInt8]) {
        blocks.append([])
        replace(count - 1, labels: labels)
    }

    /// Another series has the place now; places that have not been taken in yet are left for later.
    mutating func replace(_ place: Int, labels: [UInt8]) {
        guard place < count else { return }
        remove(place)
        if labels.isEmpty { return }
        let (block, joinedCount) = LabelSet.escaped(labels, scheme)
        // What does not change shares its memory.
        blocks[place] = block == labels ? labels : block
        conflicts.labels += joinedCount
        let key = LabelKey(block: blocks[place])
        guard let other = places.updateValue(place, forKey: key) else { return }
        conflicts.series += 1
        groups[key, default: [other]].insert(place)
    }

    /// The series has gone.
    mutating func remove(_ place: Int) {
        guard place < count, !blocks[place].isEmpty else { return }
        let key = LabelKey(block: blocks[place])
        blocks[place] = []
        if groups[key]?.remove(place) == nil {
            places[key] = nil
        } else if let rest = groups[key], let one = rest.first {
            places[key] = one
            if rest.count == 1 { groups[key] = nil }
        }
    }
}
