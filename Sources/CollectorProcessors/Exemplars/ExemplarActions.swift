import CollectorCore
import OTLPWire

/// What the index wants done.
struct ExemplarActions {
    struct Offer {
        var ready: ReadyExemplar
        var series: SeriesKey
        /// Whether it is filed too; if not, it is shown now or never.
        var isFiled: Bool
        /// Whether it came with a point, so that its fate is counted.
        var isFromPoint: Bool
    }

    var offers: [Offer] = []
    var withdrawals: Set<TraceID> = []
    /// Offers to cells that the withdrawals leave empty: after these.
    var substitutes: [Offer] = []
    /// Traces to be kept although no policy wants them, and traces that need not be for one of the cells after all.
    var wishes: [(trace: TraceID, isSlow: Bool)] = []
    var settledWishes: [TraceID] = []
    /// Traces for which nothing waits any more.
    var decided: [TraceID] = []
    var counts = ExemplarCounts()
}
