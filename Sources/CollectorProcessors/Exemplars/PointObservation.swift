import CollectorCore
import OTLPWire

/// A data point as the index looks at it.
struct PointObservation {
    var key: SeriesKey
    var resource: AttributeSetHash
    /// What the point says about its series; nil when that gets no exemplars of spans.
    var shape: PointShape?
    /// Exemplars with a trace that came with the point.
    var exemplars: [ReadyExemplar]
}

/// What is to be changed about a point.
struct PointPlan {
    /// Positions in `PointObservation.exemplars` of those that must not be shown, or not yet.
    var removed: [Int] = []
    var attached: [(cell: Int, exemplar: ReadyExemplar)] = []
    /// Whether exemplars wait to be offered until the scrape side has the point.
    var hasOffers = false
    /// Traces that the point will lead to.
    var shown: [TraceID] = []
}
