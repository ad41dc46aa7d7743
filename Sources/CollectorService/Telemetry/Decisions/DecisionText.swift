import CollectorCore

/// Decisions for people, several lines each:
///
///     trace 5b8aa5a2d2c872e8321cf37308d69df2  kept by tail_sampling at 2026-11-21T04:12:09.123Z
///       trigger timeout   policy one-percent   spans 7   bytes 3129   duration 412 ms   service checkout
///       threshold fd70a3d70a3d71   probability 0.01
///
///       errors       not sampled   no span has status ERROR
///       slow         not sampled   latency 412 ms < 500 ms
///       one-percent  sampled       …
enum DecisionText {
    static func text(_ decisions: [TraceDecision]) -> String {
        decisions.map(text).joined(separator: "\n")
    }

    private static func text(_ decision: TraceDecision) -> String {
        let verdict = decision.isKept ? "kept" : "dropped"
        let time = RFC3339.text(decision.decidedAt, .milliseconds)
        return "trace \(decision.traceID)  \(verdict) by \(decision.sampler.printable) at \(time)\n"
            + facts(decision).map(line).joined() + "\n" + votes(decision)
    }

    /// Two lines of facts; what the decision does not have is left out.
    private static func facts(_ decision: TraceDecision) -> [[(name: String, value: String)]] {
        var first = [("trigger", decision.trigger)]
        if let policy = decision.policy { first.append(("policy", policy)) }
        if !decision.isOnlyVerdict {
            first += [
                ("spans", "\(decision.spanCount)"), ("bytes", "\(decision.byteCount)"),
                ("duration", milliseconds(decision.durationNanoseconds)),
            ]
        }
        if !decision.service.isEmpty { first.append(("service", decision.service)) }
        var second: [(String, String)] = []
        if let threshold = decision.threshold { second.append(("threshold", threshold)) }
        if let probability = decision.probability { second.append(("probability", "\(probability)")) }
        if decision.lateSpans > 0 { second.append(("late spans", "\(decision.lateSpans)")) }
        return second.isEmpty ? [first] : [first, second]
    }

    private static func line(_ facts: [(name: String, value: String)]) -> String {
        "  " + facts.map { "\($0.name) \($0.value.printable)" }.joined(separator: "   ") + "\n"
    }

    private static func votes(_ decision: TraceDecision) -> String {
        guard !decision.votes.isEmpty else {
            return decision.isOnlyVerdict
                ? "  only the verdict is remembered, for late spans\n" : "  no policy was asked\n"
        }
        let rows = decision.votes.map { vote in
            [
                vote.policy.printable,
                vote.answer.rawValue.split(separator: "_").joined(separator: " ") + (vote.isShadow ? " (shadow)" : ""),
                vote.reason.printable,
            ]
        }
        return columns(rows).map { "  \($0)\n" }.joined()
    }

    /// With three digits after the point at most: `412 ms`, `0.25 ms`.
    static func milliseconds(_ nanoseconds: UInt64) -> String {
        let (whole, rest) = (nanoseconds / 1000).quotientAndRemainder(dividingBy: 1000)
        guard rest > 0 else { return "\(whole) ms" }
        var digits = String(1000 + rest).dropFirst()
        while digits.last == "0" { digits.removeLast() }
        return "\(whole).\(digits) ms"
    }
}
