import CollectorCore

/// Decisions as JSON. The names are an interface: people write programs against them.
enum DecisionJSON {
    static func document(_ decisions: [TraceDecision]) -> JSONValue {
        .object([("decisions", .array(decisions.map(object)))])
    }

    /// What is not known of a decision is null.
    private static func object(_ decision: TraceDecision) -> JSONValue {
        func known(_ value: JSONValue) -> JSONValue { decision.isOnlyVerdict ? .null : value }
        return .object([
            ("trace_id", .string("\(decision.traceID)")),
            ("sampler", .string(decision.sampler)),
            ("decision", .string(decision.isKept ? "kept" : "dropped")),
            ("time", .string(RFC3339.text(decision.decidedAt, .nanoseconds))),
            ("policy", .optional(decision.policy)),
            ("trigger", .string(decision.trigger)),
            ("spans", known(.integer(decision.spanCount))),
            ("bytes", known(.integer(decision.byteCount))),
            ("duration_ms", known(.number(Double(decision.durationNanoseconds) / 1e6))),
            ("service", known(.string(decision.service))),
            ("threshold", .optional(decision.threshold)),
            ("probability", decision.probability.map { .number($0) } ?? .null),
            ("late_spans", known(.integer(decision.lateSpans))),
            ("votes", .array(decision.votes.map(object))),
        ])
    }

    private static func object(_ vote: TraceDecision.Vote) -> JSONValue {
        .object([
            ("policy", .string(vote.policy)),
            ("decision", .string(vote.answer.rawValue)),
            ("shadow", .bool(vote.isShadow)),
            ("reason", .string(vote.reason)),
            ("part", .optional(vote.part)),
        ])
    }
}
