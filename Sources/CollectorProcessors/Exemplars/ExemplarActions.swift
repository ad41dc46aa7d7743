import CollectorCore
import OTLPWire

/// What the index wants done.
struct ExemplarActions {
    var offers: [(exemplar: Exemplar, series: SeriesKey)] = []
    var withdrawals: Set<TraceID> = []
    /// Offers to cells that the withdrawals leave empty: after these.
    var substitutes: [(exemplar: Exemplar, series: SeriesKey)] = []
    /// Traces to be kept although no policy wants them, and traces that need not be for one of the cells after all.
    var wishes: [(trace: TraceID, isSlow: Bool)] = []
    var settledWishes: [TraceID] = []
    /// Traces for which nothing waits any more.
    var decided: [TraceID] = []
    var counts = Counts()

    struct Counts {
        var published = 0
        var replaced = 0
        var withdrawn = 0
        var withheldDropped = 0
        var withheldUnknown = 0
        var withheldFiltered = 0
        var withheldFull = 0
        var untrackedSeries = 0
    }
}
