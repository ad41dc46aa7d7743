import CollectorCore

/// Decisions for people, one line each below a line of titles.
enum DecisionTable {
    private static let titles = [
        "TIME", "DECISION", "TRACE", "SAMPLER", "POLICY", "TRIGGER", "SPANS", "DURATION", "SERVICE",
    ]

    static func text(_ decisions: [TraceDecision]) -> String {
        columns([titles] + decisions.map(row)).map { $0 + "\n" }.joined()
    }

    private static func row(_ decision: TraceDecision) -> [String] {
        [
            RFC3339.text(decision.decidedAt, .milliseconds), decision.isKept ? "kept" : "dropped",
            "\(decision.traceID)", decision.sampler.printable, decision.policy?.printable ?? "-",
            decision.trigger.printable, "\(decision.spanCount)",
            DecisionText.milliseconds(decision.durationNanoseconds),
            decision.service.isEmpty ? "-" : decision.service.printable,
        ]
    }
}
