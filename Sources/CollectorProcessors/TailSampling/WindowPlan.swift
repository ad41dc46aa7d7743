import CollectorCore
import Glibc

/// How a configuration becomes shards: their number, their share of the memory, their settings.
struct WindowPlan {
    let shards: Int
    /// For spans and their traces.
    let bytesPerShard: Int
    /// For what is remembered of decisions: never in competition with spans, or pressure would make decisions forgotten
    /// when late spans need them most.
    let decisionBytesPerShard: Int
    /// What may wait for downstream before the window is asked to hold back.
    let outboxBytes: Int
    let settings: WindowSettings
    /// What cannot be as configured, for the log: the key, what there is instead, and what would be right.
    let deviations: [String]
    /// `num_traces`, for all shards.
    private let maximumTraces: Int?

    /// Positions in a shard's log have 32 bits, and the log takes twice its size of address space.
    static let largestShard = 2 << 30
    static let mostShards = 256
    /// Below this, a shard would decide early for want of a few segments: fewer shards are better.
    private static let smallestShard = 1 << 20
    /// What a remembered decision takes at most, its slots in the table included, also while that grows.
    private static let bytesPerDecision = 104

    /// - Parameters:
    ///   - slotCount: of the policies' measurements, which records hold.
    ///   - followsLinks: whether there is a `linked` policy.
    ///   - usualBytes: what the window may occupy when the configuration does not say it.
    init(
        _ config: TailSamplingConfig, slotCount: Int, followsLinks: Bool = false, usualBytes: Int,
        cores: Int = sysconf(Int32(_SC_NPROCESSORS_ONLN))
    ) {
        let wantedBytes = config.maximumBufferBytes ?? usualBytes
        let needed = config.shards == nil ? Self.quotientRoundedUp(max(0, wantedBytes), Self.largestShard) : 1
        let wanted = max(config.shards ?? max(1, cores), min(Self.mostShards, needed))
        let shards = min(wanted, max(1, wantedBytes / Self.smallestShard), config.maximumTraces ?? .max)
        self.shards = shards
        maximumTraces = config.maximumTraces
        let bytes = min(wantedBytes, shards * Self.largestShard)
        let wholeShard = min(Self.largestShard, bytes / shards)
        outboxBytes = bytes / 4
        func memory(_ key: String, _ size: Int?, each: Int) -> DecisionMemory {
            DecisionMemory(key: key, configured: size, shards: shards, windowBytes: bytes, bytesEach: each)
        }
        let recordBytes = DecisionRecords.bytes(slots: slotCount)
        let memories = (
            kept: memory("decision_cache.sampled_cache_size", config.keptCacheSize, each: Self.bytesPerDecision),
            notKept: memory(
                "decision_cache.non_sampled_cache_size", config.notKeptCacheSize, each: Self.bytesPerDecision),
            records: memory("decision_records", config.recordCount, each: recordBytes)
        )
        let (kept, notKept, records) = (memories.kept.share, memories.notKept.share, memories.records.share)
        deviations =
            [Self.deviation(config, bytes: wantedBytes, shards: shards)].compactMap { $0 }
            + [memories.kept, memories.notKept, memories.records].compactMap(\.deviation)
        let links = followsLinks ? max(LinkTable.smallestLimit, wholeShard / 32 / LinkTable.bytesPerTarget) : 0
        decisionBytesPerShard =
            DecisionCache.smallestBytes + (kept + notKept) * Self.bytesPerDecision + records * recordBytes
            + LinkTable.smallestBytes + links * LinkTable.bytesPerTarget
        bytesPerShard = wholeShard - min(decisionBytesPerShard, wholeShard / 2)
        settings = WindowSettings(
            decisionWait: config.decisionWait.nanoseconds,
            rootWait: config.decisionWaitAfterRoot == .zero ? nil : config.decisionWaitAfterRoot.nanoseconds,
            maximumTraceBytes: config.maximumTraceBytes.map { UInt64($0) },
            decidesAtArrival: config.strategy == .spanIngest,
            recordCount: records, keptCacheSize: kept, notKeptCacheSize: notKept, linkCount: links)
    }

    private static func deviation(_ config: TailSamplingConfig, bytes: Int, shards: Int) -> String? {
        guard let wanted = config.shards else { return nil }
        if shards < wanted, shards == config.maximumTraces {
            return "num_shards: \(wanted) shards cannot share \(shards) traces (num_traces): there are \(shards)"
        }
        if shards < wanted {
            return
                "num_shards: \(wanted) shards need 1 MiB each, and the window has \(bytes >> 20) MiB: there are \(shards)"
        }
        if bytes > shards * largestShard {
            return "num_shards: \(shards) shards hold 2048 MiB each at most, so the window holds "
                + "\(shards * largestShard >> 20) of the \(bytes >> 20) MiB it might"
        }
        return nil
    }

    /// The shards, empty.
    func makeShards(
        _ context: ComponentContext, _ hash: TraceHash, _ chain: PolicyChain
    ) throws(ComponentError) -> [WindowShard] {
        var made: [WindowShard] = []
        var settings = settings
        settings.promotions = context.verdicts.promotions
        for number in 0..<shards {
            settings.maximumTraces = share(ofTraces: number)
            let allowance = MemoryAllowance(
                limit: bytesPerShard, reservation: try? context.budget.reserve(0),
                growthLimit: context.budget.growthLimit)
            let decisions = MemoryAllowance(
                limit: decisionBytesPerShard, reservation: try? context.budget.reserve(0))
            guard
                let window = TraceWindow(
                    settings, hash: hash, chain: chain, allowance: allowance, decisionAllowance: decisions,
                    shard: number)
            else {
                throw ComponentError(
                    "\(context.id): no memory for \(shards) shards of at most \(bytesPerShard) bytes each; "
                        + "give the byte budget or max_buffer_mib at least 1 MiB a shard"
                )
            }
            made.append(WindowShard(window))
        }
        return made
    }

    /// A shard's share of `num_traces`: together they have exactly as many.
    func share(ofTraces shard: Int) -> Int? {
        maximumTraces.map { $0 / shards + (shard < $0 % shards ? 1 : 0) }
    }

    static func quotientRoundedUp(_ number: Int, _ divisor: Int) -> Int {
        number / divisor + (number % divisor == 0 ? 0 : 1)
    }
}
