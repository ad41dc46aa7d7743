import CollectorCore

/// The counters of one `exemplars` processor.
struct ExemplarTelemetry: Sendable {
    private let published: Counter
    private let replaced: Counter
    private let withdrawn: Counter
    private let withheldDropped: Counter
    private let withheldUnknown: Counter
    private let withheldFiltered: Counter
    private let withheldFull: Counter
    private let untrackedSeries: Counter
    private let promoted: Counter
    private let withheldBudget: Counter

    init(_ context: ComponentContext) {
        let id = "\(context.id)"
        func counter(_ name: String, _ help: String, reason: String? = nil) -> Counter {
            let labels = [(name: "processor", value: id)] + (reason.map { [(name: "reason", value: $0)] } ?? [])
            return context.telemetry.counter("otelcol_processor_exemplars_\(name)", help, labels)
        }
        let withheld = "Exemplars that were not let through"
        published = counter("published", "Exemplars offered to the scrape side or let through with their point")
        replaced = counter("replaced", "Exemplars that took the place of one whose trace was dropped")
        withdrawn = counter("withdrawn", "Traces whose exemplars were taken back after they had been shown")
        withheldDropped = counter("withheld", withheld, reason: "dropped")
        withheldUnknown = counter("withheld", withheld, reason: "unknown")
        withheldFiltered = counter("withheld", withheld, reason: "filter")
        withheldFull = counter("withheld", withheld, reason: "full")
        withheldBudget = counter("withheld", withheld, reason: "budget")
        promoted = counter("promoted", "Traces that were kept only because a bucket had no other exemplar")
        untrackedSeries = counter(
            "untracked_points", "Points of series beyond max_series, which get no exemplars of spans")
    }

    func countPromoted() { promoted.add(1) }

    /// A trace that a bucket has need of goes, since the budget of `promote` is used up.
    func countBeyondBudget() { withheldBudget.add(1) }

    func count(_ counts: ExemplarActions.Counts) {
        published.add(counts.published)
        replaced.add(counts.replaced)
        withdrawn.add(counts.withdrawn)
        withheldDropped.add(counts.withheldDropped)
        withheldUnknown.add(counts.withheldUnknown)
        withheldFiltered.add(counts.withheldFiltered)
        withheldFull.add(counts.withheldFull)
        untrackedSeries.add(counts.untrackedSeries)
    }
}
