import CollectorCore

/// The processor's metrics about itself, under the names of the OpenTelemetry Collector.
struct TailSamplingMetrics: Sendable {
    private struct Policy {
        var executions: Counter
        var errors: Counter
        var microseconds: Counter
        var sampled: Counter
        var notSampled: Counter
        var dropped: Counter
    }

    private static let prefix = "otelcol_processor_tail_sampling_"
    private static let ageBounds: [Double] = [
        1, 2, 5, 10, 20, 30, 40, 50, 60, 90, 120, 180, 300, 480, 600, 720, 900, 1200, 1800, 2700, 3600,
    ]

    private let policies: [Policy]
    private let keptTraces: Counter
    private let notSampledTraces: Counter
    /// By a `drop` policy.
    private let droppedTraces: Counter
    private let keptFromCache: Counter
    private let droppedFromCache: Counter
    private let newTraces: Counter
    private let tooLarge: Counter
    private let brokenTraceStates: Counter
    private let triggers: [Counter]
    private let lateSpanAge: Distribution
    private let removalAge: Distribution
    private let tickLatency: Distribution

    /// - Parameters:
    ///   - policies: in the order of the configuration.
    ///   - traces: counts the traces held; `bytes` what they occupy, `records` the decisions remembered.
    ///   - keys: what is told apart by policies that learn.
    init(
        _ context: ComponentContext, policies configs: [PolicyConfig], traces: @escaping @Sendable () -> Int,
        bytes: @escaping @Sendable () -> Int, records: @escaping @Sendable () -> Int,
        keys: TraceKeyRegistry
    ) {
        let telemetry = context.telemetry
        let processor: Telemetry.Labels = [("processor", context.id.description)]
        func counter(_ name: String, _ help: String, _ labels: Telemetry.Labels = []) -> Counter {
            telemetry.counter(Self.prefix + name, help, processor + labels)
        }
        policies = configs.map { config in
            let label = context.id.name.isEmpty ? config.name : "\(context.id.name).\(config.name)"
            let shadow: Telemetry.Labels = config.isShadow ? [("shadow", "true")] : []
            func votes(_ decision: String) -> Counter {
                counter(
                    "count_traces_sampled", "Traces each policy voted on, by its vote",
                    [("policy", label), ("sampled", decision == "sampled" ? "true" : "false"), ("decision", decision)]
                        + shadow)
            }
            return Policy(
                executions: counter(
                    "sampling_policy_execution_count", "Votes of each policy", [("policy", label)]),
                errors: counter(
                    "sampling_policy_evaluation_error", "Votes that did not count, since the policy could not say",
                    [("policy", label)]),
                microseconds: counter(
                    "sampling_policy_execution_time_sum", "Microseconds spent on each policy's votes, estimated",
                    [("policy", label)]),
                sampled: votes("sampled"), notSampled: votes("not_sampled"), dropped: votes("dropped"))
        }
        func decided(_ sampled: String, _ decision: String) -> Counter {
            counter(
                "global_count_traces_sampled", "Traces decided, by the decision",
                [("sampled", sampled), ("decision", decision)])
        }
        func late(_ sampled: String) -> Counter {
            counter(
                "early_releases_from_cache_decision", "Spans that followed a recorded decision at once",
                [("sampled", sampled)])
        }
        keptTraces = decided("true", "sampled")
        notSampledTraces = decided("false", "not_sampled")
        droppedTraces = decided("false", "dropped")
        keptFromCache = late("true")
        droppedFromCache = late("false")
        newTraces = counter("new_trace_id_received", "Traces that began to wait for their decision")
        tooLarge = counter("traces_dropped_too_large", "Traces dropped for being larger than maximum_trace_size_bytes")
        brokenTraceStates = counter(
            "traces_with_unparsable_tracestate", "Traces decided with a tracestate that is none; it goes on unchanged")
        triggers = DecisionTrigger.allCases.map { trigger in
            counter("decisions", "Traces decided, by what made it time", [("trigger", trigger.word)])
        }
        lateSpanAge = telemetry.histogram(
            Self.prefix + "sampling_late_span_age", "Seconds from a trace's decision to the arrival of a late span",
            bounds: Self.ageBounds, processor)
        removalAge = telemetry.histogram(
            Self.prefix + "sampling_trace_removal_age", "Seconds from a trace's first span to its decision",
            bounds: Self.ageBounds, processor)
        tickLatency = telemetry.histogram(
            Self.prefix + "sampling_decision_timer_latency", "Milliseconds a round of decisions takes",
            bounds: [1, 2, 5, 10, 25, 50, 75, 100, 150, 200, 300, 400, 500, 750, 1000, 2000, 5000], processor)
        // Undecided traces are never thrown away here; dashboards of the OpenTelemetry Collector look for the name.
        telemetry.counter(
            Self.prefix + "sampling_trace_dropped_too_early", "Traces lost undecided; always 0", processor, read: { 0 })
        telemetry.gauge(
            Self.prefix + "sampling_traces_on_memory", "Traces in the window", processor, read: { Double(traces()) })
        telemetry.gauge(
            Self.prefix + "buffer_bytes", "Bytes the window occupies", processor, read: { Double(bytes()) })
        telemetry.gauge(
            Self.prefix + "decision_records", "Decisions remembered with their reasons", processor,
            read: { Double(records()) })
        telemetry.gauge(
            Self.prefix + "keys", "Keys that policies which learn tell apart", processor,
            read: { Double(keys.count) })
        telemetry.gauge(
            Self.prefix + "key_bytes", "Bytes set aside for keys and what policies learn of them", processor,
            read: { Double(keys.bytes) })
        telemetry.counter(
            Self.prefix + "keys_without_room",
            "Times that a key was not known and there was no room for it: such keys count as one", processor,
            read: { Double(keys.refusals) })
    }

    func note(_ departures: Departures) {
        for (policy, votes) in zip(policies, departures.votes) where !votes.isEmpty {
            policy.executions.add(votes.sampled + votes.notSampled + votes.dropped + votes.errors)
            policy.errors.add(votes.errors)
            policy.microseconds.add(Int(votes.nanoseconds / 1000))
            policy.sampled.add(votes.sampled)
            policy.notSampled.add(votes.notSampled)
            policy.dropped.add(votes.dropped)
        }
        keptTraces.add(departures.kept.count)
        notSampledTraces.add(departures.dropped.count - departures.droppedByPolicy)
        droppedTraces.add(departures.droppedByPolicy)
        keptFromCache.add(departures.lateKept)
        droppedFromCache.add(departures.lateDropped)
        newTraces.add(departures.newTraces)
        brokenTraceStates.add(departures.brokenTraceStates)
        for (counter, count) in zip(triggers, departures.triggers) { counter.add(count) }
        tooLarge.add(departures.triggers[DecisionTrigger.tooLarge.rawValue])
        for age in departures.lateAges { lateSpanAge.record(Double(age) / 1e9) }
        for age in departures.removalAges { removalAge.record(Double(age) / 1e9) }
    }

    /// - Parameter nanoseconds: how long a round of decisions took.
    func noteTick(nanoseconds: UInt64) { tickLatency.record(Double(nanoseconds) / 1e6) }
}
