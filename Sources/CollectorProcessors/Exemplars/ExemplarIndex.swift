// The core of `exemplars`: kept spans and exemplars of points come in, those that may be shown come out. No I/O and no
// locks; `ExemplarStore` serializes the calls and does what the actions say.
//
//     kept span ──▶ series that measure it ──▶ filter ──▶ verdict? ──kept──▶ offered to the scrape side, and filed
//         └─ none known: waits for one                     │               for the series' next point
//                                                          ├─dropped───▶ withheld; the cell takes the next one
//     point's exemplar ──────────────────▶ filter ──▶ verdict? └─unknown─▶ waits, at most twice the decision wait
//
// With `promote` the spans of undecided traces are looked at too, as the sampler takes them: the first one for a cell that
// shows nothing waits like a point's exemplar, and the sampler is told to keep its trace if nothing else is kept for it.

import CollectorCore
import OTLPWire

/// Series, candidates and verdicts of one `exemplars` processor.
struct ExemplarIndex {
    let config: ExemplarsConfig
    let verdicts: TraceVerdicts
    var resources: [AttributeSetHash: ResourceSeries] = [:]
    var series: [SeriesKey: TrackedSeries] = [:]
    var waiting: WaitingCandidates
    var pending: PendingVerdicts
    var published = RecentTraces()
    /// When series without points were looked for last.
    var cleanedAt: UInt64 = 0
    /// What looking for series may take, and what asking waiting spans for new series may.
    var matchWork = MatchWork()
    var waitingWork = MatchWork()
    var memory: ExemplarMemory
    /// How many exemplars are filed in all series.
    var filedCount = 0
    /// When filed exemplars were let go last because there were too many.
    var forgotAt: UInt64 = 0

    init(_ config: ExemplarsConfig, verdicts: TraceVerdicts, budget: ByteBudget) {
        self.config = config
        self.verdicts = verdicts
        memory = ExemplarMemory(budget)
        waiting = WaitingCandidates(limit: config.maxCandidates)
        pending = PendingVerdicts(limit: config.maxCandidates)
    }

    /// Changes whenever `keys` may have changed.
    var generation = 0

    /// When `expire` has something to do next.
    var nextDeadline: UInt64? { pending.nextDeadline }

    /// The keys of all attributes that series of a resource have.
    func keys(of resource: AttributeSetHash) -> Set<UInt64> { resources[resource]?.keys ?? [] }
}

/// The books: what is filed and what memory it takes are known without counting.
extension ExemplarIndex {
    /// How many exemplars that came with points wait, for a verdict or to be shown.
    var waitingOfPoints: Int { pending.countFromPoints + series.values.reduce(0) { $0 + $1.owed } }

    /// Changes a followed series and charges what it has grown.
    /// - Returns: nil when the series is not followed.
    mutating func update<Result>(
        _ key: SeriesKey, _ actions: inout ExemplarActions, _ change: (inout TrackedSeries) -> Result
    ) -> Result? {
        guard let place = series.index(forKey: key) else { return nil }
        return update(place, &actions, change)
    }

    mutating func update<Result>(
        _ place: Dictionary<SeriesKey, TrackedSeries>.Index, _ actions: inout ExemplarActions,
        _ change: (inout TrackedSeries) -> Result
    ) -> Result {
        let before = Books(series.values[place])
        let result = change(&series.values[place])
        let after = Books(series.values[place])
        filedCount += after.filed - before.filed
        memory.change(by: after.size - before.size)
        if after.superseded != before.superseded {
            actions.counts.withheld[.superseded] += after.superseded - before.superseded
        }
        return result
    }

    /// Visits all series, which may be changed in their places.
    mutating func forEachSeries(_ visit: (inout ExemplarIndex, Dictionary<SeriesKey, TrackedSeries>.Index) -> Void) {
        var place = series.startIndex
        while place != series.endIndex {
            visit(&self, place)
            place = series.index(after: place)
        }
    }

    private struct Books {
        var filed: Int
        var size: Int
        var superseded: Int

        init(_ series: TrackedSeries) {
            filed = series.filedCount
            size = series.size
            superseded = series.superseded
        }
    }

    /// Begins to follow a series; false when there is no room for it.
    /// - Parameter size: what its first point adds.
    mutating func follow(_ new: TrackedSeries, _ key: SeriesKey, size: Int) -> Bool {
        guard memory.hasRoom(for: new.size + size + ExemplarCost.resource) else { return false }
        memory.change(by: new.size)
        generation += 1
        series[key] = new
        updateResource(new.resource) { $0.add(key, new) }
        return true
    }

    /// Forgets a series.
    mutating func unfollow(_ key: SeriesKey, _ actions: inout ExemplarActions) {
        guard let gone = series.removeValue(forKey: key) else { return }
        generation += 1
        filedCount -= gone.filedCount
        memory.change(by: -gone.size)
        let owed = gone.owed
        if owed > 0 { actions.counts.withheld[.superseded] += owed }
        updateResource(gone.resource) { $0.remove(key, gone) }
    }

    /// Changes what is known of a resource, which goes with its last series.
    mutating func updateResource(_ resource: AttributeSetHash, _ change: (inout ResourceSeries) -> Void) {
        // Out of the table while it changes, so that nothing is copied.
        var entry = resources.removeValue(forKey: resource) ?? ResourceSeries()
        let before = entry.isEmpty ? 0 : entry.size
        change(&entry)
        memory.change(by: (entry.isEmpty ? 0 : entry.size) - before)
        if !entry.isEmpty { resources[resource] = entry }
    }
}
