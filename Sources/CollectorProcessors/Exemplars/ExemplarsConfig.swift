package import CollectorCore

/// The `exemplars` section.
package struct ExemplarsConfig: Sendable {
    /// What happens to exemplars of traces that no verdict came for.
    package enum UnknownTraces: String, Sendable, CaseIterable {
        case withhold, publish
    }

    /// The metrics that get exemplars from spans; nil for those of the conventions and of `match`.
    package var metricNames: MetricNameFilter?
    package var includesSpanID: Bool
    /// Only values at or above this percentile of their series become exemplars; 0 to 100.
    package var percentile: Double?
    package var unknownTraces: UnknownTraces
    /// Traces a second that may be kept for want of another exemplar; nil for none.
    package var promotionsPerSecond: Double?
    /// The most spans and exemplars that wait, each for something else: their series or their verdict.
    package var maxCandidates: Int
    /// The most series that are followed.
    package var maxSeries: Int
    let match: [MatchSection]

    package init(_ reader: ConfigReader) {
        let include = reader.settings("include")
        metricNames = MetricNameFilter(include)
        if !include.bool("trace_id", default: true) {
            include.error("trace_id", "must be true: an exemplar without a trace id leads nowhere")
        }
        includesSpanID = include.bool("span_id", default: true)
        let filter = reader.settings("filter")
        percentile = filter.optionalDouble("percentile", in: 0...100)
        match = reader.sections("match").map(MatchSection.init)
        unknownTraces = reader.enumeration("unknown_traces", default: .withhold)
        promotionsPerSecond = Self.promotions(reader)
        maxCandidates = reader.integer("max_candidates", default: 10_000, in: 1...10_000_000)
        maxSeries = reader.integer("max_series", default: 10_000, in: 1...10_000_000)
        reader.finish()
    }

    private static func promotions(_ reader: ConfigReader) -> Double? {
        guard reader.has("promote") else { return nil }
        let promote = reader.settings("promote")
        let budget = promote.double("budget_per_second", default: 10, in: 0...Double.greatestFiniteMagnitude)
        if budget == 0 {
            promote.error("budget_per_second", "must be more than 0; remove `promote` to promote nothing")
        }
        return budget
    }
}
