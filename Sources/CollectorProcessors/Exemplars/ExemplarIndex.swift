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
    var matchWork = MatchWork()
    /// How many exemplars are filed in all series.
    var filedCount = 0
    /// When filed exemplars were let go last because there were too many.
    var forgotAt: UInt64 = 0

    init(_ config: ExemplarsConfig, verdicts: TraceVerdicts) {
        self.config = config
        self.verdicts = verdicts
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
