import CollectorCore

/// The counters of one `exemplars` processor.
struct ExemplarTelemetry: Sendable {
    private let published: Counter
    private let replaced: Counter
    private let withdrawn: Counter
    /// By reason.
    private let withheld: [Counter]
    private let untracked: [Counter]
    private let shedAttributes: Counter
    private let promoted: Counter
    private let withheldBudget: Counter

    init(_ context: ComponentContext) {
        let id = "\(context.id)"
        func counter(_ name: String, _ help: String, reason: String? = nil) -> Counter {
            let labels = [(name: "processor", value: id)] + (reason.map { [(name: "reason", value: $0)] } ?? [])
            return context.telemetry.counter("otelcol_processor_exemplars_\(name)", help, labels)
        }
        func counters(_ name: String, _ help: String, reasons: [some Any]) -> [Counter] {
            reasons.map { counter(name, help, reason: "\($0)") }
        }
        let withheldHelp = "Exemplars that were not let through"
        published = counter("published", "Exemplars that the scrape side took or that were let through with a point")
        replaced = counter("replaced", "Exemplars that took the place of one whose trace was dropped")
        withdrawn = counter("withdrawn", "Traces whose exemplars were taken back after they had been shown")
        withheld = counters("withheld", withheldHelp, reasons: WithheldReason.allCases)
        withheldBudget = counter("withheld", withheldHelp, reason: "budget")
        promoted = counter("promoted", "Traces that were kept only because a bucket had no other exemplar")
        untracked = counters(
            "untracked_points", "Points of series that get no exemplars of spans", reasons: UntrackedReason.allCases)
        shedAttributes = counter(
            "shed_attributes", "Attributes of waiting exemplars that were left out, since only 128 characters are shown"
        )
    }

    func countPromoted() { promoted.add(1) }

    /// A trace that a bucket has need of goes, since the budget of `promote` is used up.
    func countBeyondBudget() { withheldBudget.add(1) }

    func count(_ counts: ExemplarCounts) {
        published.add(counts.published)
        replaced.add(counts.replaced)
        withdrawn.add(counts.withdrawn)
        shedAttributes.add(counts.shedAttributes)
        for reason in WithheldReason.allCases { withheld[reason.rawValue].add(counts.withheld[reason]) }
        for reason in UntrackedReason.allCases { untracked[reason.rawValue].add(counts.untracked[reason]) }
    }
}
