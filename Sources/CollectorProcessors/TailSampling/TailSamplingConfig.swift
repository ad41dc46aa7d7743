package import CollectorCore

/// `tail_sampling`: the keys and defaults of the OpenTelemetry Collector 0.156, and `max_buffer_mib`.
package struct TailSamplingConfig: ClaimsMemory {
    package enum Strategy: String, CaseIterable, Sendable {
        case traceComplete = "trace-complete"
        case spanIngest = "span-ingest"
    }

    /// From a trace's first span to its decision.
    package var decisionWait: Duration
    /// From a trace's root span to its decision, when that is earlier; zero leaves it to `decisionWait`.
    package var decisionWaitAfterRoot: Duration
    /// Undecided traces at most; nil leaves the bound to the bytes.
    package var maximumTraces: Int?
    /// Whether requests wait for room instead of traces being decided early.
    package var blocksOnOverflow: Bool
    /// Bytes of the whole window; nil is half of the byte budget, less with a low soft limit (`WindowPlan`).
    package var maximumBufferBytes: Int?
    /// A larger trace is dropped; nil is no limit.
    package var maximumTraceBytes: Int?
    /// Decisions remembered for late spans; 0 remembers none, nil is `defaultCacheSize` or what there is memory for.
    package var keptCacheSize: Int?
    package var notKeptCacheSize: Int?
    package var samplesOnFirstMatch: Bool
    package var strategy: Strategy
    package var dropsPendingOnShutdown: Bool
    /// Nil is one per core.
    package var shards: Int?
    /// Decisions remembered with their reasons (`explain`), in the same terms.
    package var recordCount: Int?
    package var policies: [PolicyConfig]

    package var memoryClaim: MemoryClaim { MemoryClaim(key: "max_buffer_mib", bytes: maximumBufferBytes) }

    /// Decisions remembered by default: about as many traces as the OpenTelemetry Collector remembers (`num_traces`).
    package static let defaultCacheSize = 50_000

    /// More decisions than memory of today's machines can remember.
    static let largestCache = 1 << 28

    /// Ids, times and a short name make a span of about this size.
    static let leastTraceBytes = 64

    package init(_ reader: ConfigReader) {
        decisionWait = reader.duration("decision_wait", default: .seconds(30))
        decisionWaitAfterRoot = reader.duration("decision_wait_after_root_received", default: .zero)
        if decisionWaitAfterRoot > decisionWait {
            reader.warning(
                "decision_wait_after_root_received",
                "is longer than `decision_wait`, which decides first: it is without effect; make it shorter")
        }
        maximumTraces = reader.optionalInteger("num_traces", in: 1...Int(UInt32.max))
        blocksOnOverflow = reader.bool("block_on_overflow", default: false)
        maximumBufferBytes = reader.optionalInteger("max_buffer_mib", in: 1...1 << 30).map { $0 << 20 }
        let traceBytes = reader.integer("maximum_trace_size_bytes", default: 0)
        maximumTraceBytes = traceBytes == 0 ? nil : traceBytes
        if 0 < traceBytes, traceBytes < Self.leastTraceBytes {
            reader.error(
                "maximum_trace_size_bytes",
                "is less than a span takes: every trace would be dropped; must be at least \(Self.leastTraceBytes), "
                    + "or 0 for no limit")
        }
        let cache = reader.settings("decision_cache")
        let cacheSizes = 0...Self.largestCache
        keptCacheSize = cache.optionalInteger("sampled_cache_size", in: cacheSizes)
        notKeptCacheSize = cache.optionalInteger("non_sampled_cache_size", in: cacheSizes)
        recordCount = reader.optionalInteger("decision_records", in: cacheSizes)
        samplesOnFirstMatch = reader.bool("sample_on_first_match", default: false)
        strategy = reader.enumeration("sampling_strategy", default: .traceComplete)
        dropsPendingOnShutdown = reader.bool("drop_pending_traces_on_shutdown", default: false)
        shards = reader.optionalInteger("num_shards", in: 1...WindowPlan.mostShards)
        let mostBytes = (shards ?? WindowPlan.mostShards) * WindowPlan.largestShard
        if let maximumBufferBytes, maximumBufferBytes > mostBytes {
            reader.error(
                "max_buffer_mib",
                "is more than \(shards ?? WindowPlan.mostShards) shards can hold, 2048 MiB each; must be at most "
                    + "\(mostBytes >> 20)" + (shards == nil ? "" : ", or with a larger `num_shards`, or without it"))
        }
        reader.hint("expected_new_traces_per_sec")
        reader.unsupported("tail_storage", because: "the window is kept in memory; leave it out")
        policies = PolicyConfig.readAll(reader)
        if strategy == .spanIngest {
            for policy in policies where policy.settings.needsWholeTrace {
                reader.error(
                    "sampling_strategy",
                    "`span-ingest` decides before a trace is complete, which policy `\(policy.name)` cannot: "
                        + "use `trace-complete`")
            }
        }
        var builder = PolicyBuilder()
        _ = PolicyChain(policies, stopsAtFirstMatch: samplesOnFirstMatch, &builder)
        if let problem = builder.problem { reader.error("policies", "there are \(problem); use fewer") }
        reader.finish()
    }
}
