package import CollectorCore

extension SimulationReport {
    /// The report for programs: names in snake_case that stay. Times are RFC 3339, bytes those of uncompressed OTLP.
    ///
    /// - Parameter expectations: what was found of these, when there are any.
    package func json(_ expectations: [ExpectationResult]) -> JSONValue {
        .object([
            ("captures", capturesJSON),
            ("config", runJSON(run)),
            ("baseline", baseline.map(runJSON) ?? .null),
            ("difference", difference.map(differenceJSON) ?? .null),
            ("expectations", .array(expectations.map(\.json))),
            ("notes", .array(notes.map(JSONValue.string))),
        ])
    }

    private var capturesJSON: JSONValue {
        .object([
            ("files", .integer(captures.files)),
            ("requests", .integer(captures.requests)),
            ("metrics_requests", .integer(captures.metricsRequests)),
            ("logs_requests", .integer(captures.logsRequests)),
            ("unreadable", .integer(captures.unreadable)),
            ("invalid_spans", .integer(captures.refusedSpans)),
            ("requests_ahead", .integer(captures.requestsAhead)),
            ("requests_behind", .integer(captures.requestsBehind)),
            ("traces", .integer(traces)),
            ("spans", .integer(spans)),
            ("bytes", .integer(bytes)),
            ("first_arrival", .string(rfc3339(firstArrival))),
            ("last_arrival", .string(rfc3339(lastArrival))),
            ("duration_seconds", .rounded(Double(durationNanoseconds) / 1e9)),
        ])
    }

    private func runJSON(_ run: RunResult) -> JSONValue {
        .object([
            ("name", .string(run.label)),
            ("kept_traces", .integer(run.keptTraces)),
            ("kept_traces_percent", .rounded(percent(run.keptTraces, of: traces))),
            ("kept_spans", .integer(run.keptSpans)),
            ("kept_spans_percent", .rounded(percent(run.keptSpans, of: spans))),
            ("kept_bytes", .integer(run.keptBytes)),
            ("kept_bytes_percent", .rounded(percent(run.keptBytes, of: bytes))),
            ("kept_spans_per_second", .rounded(run.rates.spansPerSecond)),
            ("kept_bytes_per_second", .rounded(run.rates.bytesPerSecond)),
            ("peak_kept_spans_per_second", .rounded(run.rates.peakSpansPerSecond)),
            ("peak_kept_bytes_per_second", .rounded(run.rates.peakBytesPerSecond)),
            ("peak_seconds", .integer(run.rates.peakSeconds)),
            ("undecided_traces", .integer(run.undecidedTraces)),
            ("refused_spans", .integer(run.refusedSpans)),
            ("policies", .array(run.policies.map(policyJSON))),
            ("triggers", .object(run.triggers.map { ($0.key, .integer($0.value)) })),
        ])
    }

    private func policyJSON(_ policy: PolicyResult) -> JSONValue {
        .object([
            ("policy", policy.policy.map(JSONValue.string) ?? .null),
            ("shadow", .bool(policy.isShadow)),
            ("kept_traces", .integer(policy.keptTraces)),
            ("kept_traces_percent", .rounded(percent(policy.keptTraces, of: traces))),
            ("dropped_traces", .integer(policy.droppedTraces)),
            ("kept_spans", .integer(policy.keptSpans)),
            ("kept_bytes", .integer(policy.keptBytes)),
            (
                "votes",
                .object(
                    TraceDecision.Vote.Answer.allCases.map { ($0.rawValue, .integer(policy.votes[$0] ?? 0)) })
            ),
            ("parts", .array(policy.parts.map(policyJSON))),
        ])
    }

    private func differenceJSON(_ difference: TraceDifference) -> JSONValue {
        .object([
            ("gained_traces", .integer(difference.gained)),
            ("lost_traces", .integer(difference.lost)),
            ("gained", .array(difference.gainedExamples.map(exampleJSON))),
            ("lost", .array(difference.lostExamples.map(exampleJSON))),
            (
                "policies",
                .array(
                    PolicyPair.all(run, baseline).map { pair in
                        .object([
                            ("policy", pair.now.policy.map(JSONValue.string) ?? .null),
                            ("kept_traces", .integer(pair.now.keptTraces - pair.before.keptTraces)),
                            ("dropped_traces", .integer(pair.now.droppedTraces - pair.before.droppedTraces)),
                        ])
                    })
            ),
        ])
    }

    private func exampleJSON(_ example: TraceDifference.Example) -> JSONValue {
        .object([
            ("trace_id", .string("\(example.traceID)")),
            ("policy", example.policy.map(JSONValue.string) ?? .null),
            ("baseline_policy", example.baselinePolicy.map(JSONValue.string) ?? .null),
        ])
    }
}
