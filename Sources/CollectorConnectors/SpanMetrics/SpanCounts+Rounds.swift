// When points are told and when series are forgotten. What a round of points goes through is forgotten only between rounds.

import CollectorCore

extension SpanCounts {
    /// Begins a round with everything that was counted until now. No other one may be under way.
    ///
    /// - Parameter now: nanoseconds of the clock's `now()`.
    /// - Returns: its number, for `taken`, and the series to tell.
    mutating func beginRound(now: UInt64) -> (number: UInt64, places: [FlushRound.Place]) {
        expire(now: now)
        sweep()
        resources.beginRound()
        isInRound = true
        return (resources.round, places())
    }

    /// No more points of the round under way will be asked for.
    mutating func endRound() { isInRound = false }

    /// All points of a round are in good hands: what was counted before it began need not be told again.
    mutating func taken(round: UInt64) { resources.taken(round: round) }

    // MARK: Forgetting

    /// Frees the series of resources that made room for others.
    mutating func sweep() {
        if resources.evictedCount > 0 { keepSeries { _ in true } }
    }

    /// Frees what has not been seen for long.
    private mutating func expire(now: UInt64) {
        let oldest = config.seriesExpiration.map { now &- min(now, $0.nanoseconds) } ?? 0
        let oldestResource = config.resourceExpiration.map { now &- min(now, $0.nanoseconds) } ?? 0
        guard oldest > 0 || oldestResource > 0 else { return }
        var lastSeen: [Int: UInt64] = [:]
        if oldestResource > 0 {
            for family in families {
                for series in family.store.series where !series.isFree {
                    lastSeen[series.resource] = max(lastSeen[series.resource] ?? 0, series.lastSeen)
                }
            }
        }
        // What has been counted and not been told stays until it is.
        let isDelta = config.temporality == .delta
        keepSeries {
            isDelta && $0.hasNews
                || $0.lastSeen >= oldest && (lastSeen[$0.resource] ?? $0.lastSeen) >= oldestResource
        }
    }

    /// Frees the series that are not to be kept or whose resource made room for another one, and resources without series.
    mutating func keepSeries(where isKept: (Series) -> Bool) {
        let known = resources
        let isLeft = { (series: Series) in !known.isEvicted(series.resource) && isKept(series) }
        for family in families.indices { families[family].keep(where: isLeft) }
        var used: Set<Int> = []
        for family in families {
            for series in family.store.series where !series.isFree { used.insert(series.resource) }
        }
        resources.keep { used.contains($0) }
    }
}
