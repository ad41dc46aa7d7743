import CollectorCore
import OTLPWire

/// The exemplars of one cell of a series, a few: the newest, which is the one to be shown, the slowest, and another recent
/// one. When the one that is shown is withdrawn, the next takes its place.
struct CellReservoir: Sendable {
    struct Entry: Sendable {
        var ready: ReadyExemplar
        /// Nanoseconds of the clock's `now()`.
        var filedAt: UInt64
        /// Whether a point brought it, which therefore counts it.
        var isCounted: Bool
        /// Whether the scrape side was offered it.
        var isOffered = false
        /// Whether a point has gone on with it.
        var isAttached = false
        /// Whether it was counted as published: the scrape side has taken it, or a point has gone on with it.
        var isPublished = false
        /// Whether it was counted as taking the place of one whose trace was dropped.
        var hasReplaced = false

        var exemplar: Exemplar { ready.exemplar }
        /// Whether it came with a point that went on without it, and was not shown since.
        var isOwed: Bool { isCounted && !isPublished }
        var size: Int { ExemplarCost.exemplar + ready.size }
    }

    static let capacity = 3
    /// Nobody wants to see what is older when there is something newer.
    private static let keptFor: UInt64 = 900_000_000_000

    /// By time, the newest last.
    private(set) var entries: [Entry] = []

    var newest: Entry? { entries.last }

    /// Adds an exemplar, unless it is there, and lets others go beyond `capacity`: the oldest first, the slowest and the
    /// newest never while there is a choice.
    /// - Returns: how many were let go, or not added, that are owed.
    mutating func add(_ entry: Entry, capacity: Int) -> Int {
        if let same = entries.firstIndex(where: { $0.exemplar == entry.exemplar }) {
            let known = entries[same]
            let isOwedTwice =
                (entry.isOwed && (known.isCounted || known.isPublished)) || (entry.isPublished && known.isOwed)
            entries[same].isOffered = entries[same].isOffered || entry.isOffered
            entries[same].isAttached = entries[same].isAttached || entry.isAttached
            entries[same].isPublished = entries[same].isPublished || entry.isPublished
            // A point counts it from now on.
            entries[same].isCounted = entries[same].isCounted || entry.isCounted
            return isOwedTwice ? 1 : 0
        }
        var owed = 0
        entries.removeAll { old in
            let isGone = old.filedAt &+ Self.keptFor < entry.filedAt
            if isGone, old.isOwed { owed += 1 }
            return isGone
        }
        let time = entry.exemplar.timeNanoseconds
        let place = entries.lastIndex { $0.exemplar.timeNanoseconds <= time }.map { $0 + 1 } ?? 0
        entries.insert(entry, at: place)
        while entries.count > max(1, capacity) {
            let slowest = entries.indices.max { entries[$0].exemplar.value < entries[$1].exemplar.value }
            if entries.remove(at: entries.indices.dropLast().first { $0 != slowest } ?? 0).isOwed { owed += 1 }
        }
        return owed
    }

    /// Changes what is noted about the newest.
    mutating func updateNewest(_ change: (inout Entry) -> Void) {
        guard !entries.isEmpty else { return }
        change(&entries[entries.count - 1])
    }

    /// Notes that an exemplar went on with a point; true when nobody had it before.
    mutating func markAttached(_ exemplar: Exemplar) -> Bool {
        guard let place = entries.firstIndex(where: { $0.exemplar == exemplar }) else { return false }
        entries[place].isAttached = true
        entries[place].isOffered = true
        return publish(place)
    }

    /// Notes that the scrape side has taken an exemplar; true when nobody had it before.
    mutating func markTaken(_ exemplar: Exemplar) -> Bool {
        guard let place = entries.firstIndex(where: { $0.exemplar == exemplar }) else { return false }
        return publish(place)
    }

    private mutating func publish(_ place: Int) -> Bool {
        let isNew = !entries[place].isPublished
        entries[place].isPublished = true
        return isNew
    }

    /// Takes exemplars out. If the newest was among them, the next one may be offered again.
    /// - Returns: those that were removed.
    mutating func remove(where isGone: (Entry) -> Bool) -> [Entry] {
        let removed = entries.filter(isGone)
        guard !removed.isEmpty else { return [] }
        let wasNewest = entries.last.map(isGone) ?? false
        entries.removeAll(where: isGone)
        if wasNewest { updateNewest { $0.isOffered = false } }
        return removed
    }
}
