// A report for people:
//
//     2 files, 1 200 requests, 2026-01-01T00:00:00Z to 2026-01-02T00:00:00Z (1d 0h of virtual time)
//
//                seen    kept  share   baseline  share  difference
//     traces   10 000     512   5.1%        100     1%        +412
//     …
//     policy     kept  dropped  spans  voted for   baseline  difference

import CollectorCore

extension SimulationReport {
    /// The report as text of several lines.
    package var table: String {
        let parts = [
            heading, sharesTable, ratesTable, policiesTable(run), baseline.map { _ in differences } ?? "",
            notes.map { "note: \($0)\n" }.joined(),
        ]
        return parts.filter { !$0.isEmpty }.joined(separator: "\n")
    }

    private var heading: String {
        var text =
            "\(grouped(captures.files)) capture\(captures.files == 1 ? "" : "s"), "
            + "\(grouped(captures.requests)) requests, \(rfc3339(firstArrival)) to \(rfc3339(lastArrival)), "
            + "\(spoken(nanoseconds: durationNanoseconds)) of virtual time\n"
        let left = [
            (captures.metricsRequests, "metrics requests"), (captures.logsRequests, "logs requests"),
            (captures.refusedSpans, "invalid spans"), (captures.unreadable, "unreadable parts"),
            (run.refusedSpans, "spans refused by the samplers"),
        ].filter { $0.0 > 0 }.map { "\(grouped($0.0)) \($0.1)" }
        if !left.isEmpty { text += "left out: \(left.joined(separator: ", "))\n" }
        text += "new: \(run.label)\n"
        if let baseline { text += "baseline: \(baseline.label)\n" }
        return text
    }

    private var sharesTable: String {
        var table = TextTable()
        table.add(["", "seen", "kept", "share"] + (baseline == nil ? [] : ["baseline", "share", "difference"]))
        func row(_ name: String, _ seen: Int, _ kept: Int, _ before: Int?) {
            var cells = [name, grouped(seen), grouped(kept), share(kept, of: seen)]
            if let before { cells += [grouped(before), share(before, of: seen), signed(kept - before)] }
            table.add(cells)
        }
        row("traces", traces, run.keptTraces, baseline?.keptTraces)
        row("spans", spans, run.keptSpans, baseline?.keptSpans)
        row("bytes", bytes, run.keptBytes, baseline?.keptBytes)
        return table.text
    }

    private var ratesTable: String {
        var table = TextTable()
        let peak = "highest \(run.rates.peakSeconds)s"
        table.add(["kept per second", "mean", peak] + (baseline == nil ? [] : ["baseline mean", peak]))
        let (now, before) = (run.rates, baseline?.rates)
        table.add(
            ["spans", rate(now.spansPerSecond), rate(now.peakSpansPerSecond)]
                + (before.map { [rate($0.spansPerSecond), rate($0.peakSpansPerSecond)] } ?? []))
        table.add(
            ["bytes", rate(now.bytesPerSecond), rate(now.peakBytesPerSecond)]
                + (before.map { [rate($0.bytesPerSecond), rate($0.peakBytesPerSecond)] } ?? []))
        return table.text
    }

    private func policiesTable(_ run: RunResult) -> String {
        guard !run.policies.isEmpty else { return "" }
        var table = TextTable()
        table.add(
            ["decided by policy", "kept", "share", "dropped", "spans kept", "votes for"]
                + (baseline == nil ? [] : ["baseline kept", "difference"]))
        for policy in PolicyPair.all(run, baseline).flatMap(\.withParts) {
            let now = policy.now
            var cells = [
                policy.name + (now.isShadow ? " (shadow)" : ""), grouped(now.keptTraces),
                share(now.keptTraces, of: traces), grouped(now.droppedTraces), grouped(now.keptSpans),
                grouped(now.votes[.sampled] ?? 0),
            ]
            if baseline != nil {
                cells += [grouped(policy.before.keptTraces), signed(now.keptTraces - policy.before.keptTraces)]
            }
            table.add(cells)
        }
        let triggers = run.triggers.map { "\($0.key) \(grouped($0.value))" }.joined(separator: ", ")
        let undecided =
            run.undecidedTraces == 0
            ? "" : "not decided, since an earlier sampler had dropped them: \(grouped(run.undecidedTraces))\n"
        return table.text + (triggers.isEmpty ? "" : "decided at: \(triggers)\n") + undecided
    }

    private var differences: String {
        guard let difference else { return "" }
        var text = "traces gained \(grouped(difference.gained)), lost \(grouped(difference.lost))\n"
        for example in difference.gainedExamples {
            text += "  + \(example.traceID)  \(example.policy.map { "kept by \($0)" } ?? "kept")\n"
        }
        for example in difference.lostExamples {
            let before = example.baselinePolicy.map { "was kept by \($0)" } ?? "was kept"
            text += "  - \(example.traceID)  \(before)\(example.policy.map { ", dropped by \($0)" } ?? "")\n"
        }
        return text
    }

    private func share(_ part: Int, of whole: Int) -> String {
        decimal(percent(part, of: whole), digits: 2) + "%"
    }
}

/// One policy in both runs; the one that has none of its name has it at zero.
struct PolicyPair {
    var name: String
    var now: PolicyResult
    var before: PolicyResult

    /// Those of the new configuration in their order, then those that only the baseline has.
    static func all(_ run: RunResult, _ baseline: RunResult?) -> [PolicyPair] {
        all(run.policies, baseline?.policies ?? [])
    }

    /// The pair, and those of its parts.
    var withParts: [PolicyPair] { [self] + Self.all(now.parts, before.parts) }

    private static func all(_ now: [PolicyResult], _ before: [PolicyResult]) -> [PolicyPair] {
        let gone = before.filter { old in !now.contains { $0.policy == old.policy } }
        return (now + gone.map { PolicyResult(policy: $0.policy, isShadow: $0.isShadow) }).map { now in
            PolicyPair(
                name: now.name, now: now,
                before: before.first { $0.policy == now.policy } ?? PolicyResult(policy: now.policy))
        }
    }
}
