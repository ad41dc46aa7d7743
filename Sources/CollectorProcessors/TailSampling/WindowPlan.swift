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

    /// Positions in a shard's log have 32 bits, and the log takes twice its size of address space.
    private static let largestShard = 2 << 30
    /// Below this, a shard would decide early for want of a few segments: fewer shards are better.
    private static let smallestShard = 1 << 20
    /// What a remembered decision takes at most, its slots in the table included, also while that grows.
    private static let bytesPerDecision = 104

    /// - Parameters:
    ///   - slotCount: of the policies' measurements, which records hold.
    ///   - budgetBytes: the byte budget of the process.
    ///   - softLimitBytes: where `memory_limiter` begins to refuse; nil is the budget.
    init(
        _ config: TailSamplingConfig, slotCount: Int, budgetBytes: Int, softLimitBytes: Int? = nil,
        cores: Int = sysconf(Int32(_SC_NPROCESSORS_ONLN))
    ) {
        // With its outbox, a quarter of it, and the bodies under way the window stays below the soft limit: traces are
        // decided early before new ones are refused. At the usual soft limit of 80 % that is half of the budget.
        let belowSoftLimit = (softLimitBytes ?? budgetBytes) / 8 * 5
        let bytes = config.maximumBufferBytes ?? min(budgetBytes / 2, belowSoftLimit)
        let wanted = config.shards ?? max(1, cores)
        let needed = Self.quotientRoundedUp(max(0, bytes), Self.largestShard)
        shards = max(min(wanted, max(1, bytes / Self.smallestShard)), min(256, needed))
        let wholeShard = min(Self.largestShard, bytes / shards)
        outboxBytes = bytes / 4
        let shards = shards
        let kept = Self.share(config.keptCacheSize, shards, wholeShard, each: Self.bytesPerDecision)
        let notKept = Self.share(config.notKeptCacheSize, shards, wholeShard, each: Self.bytesPerDecision)
        let recordBytes = DecisionRecords.bytes(slots: slotCount)
        let records = Self.share(config.recordCount, shards, wholeShard, each: recordBytes)
        decisionBytesPerShard =
            DecisionCache.smallestBytes + (kept + notKept) * Self.bytesPerDecision + records * recordBytes
        bytesPerShard = wholeShard - min(decisionBytesPerShard, wholeShard / 2)
        settings = WindowSettings(
            decisionWait: config.decisionWait.nanoseconds,
            rootWait: config.decisionWaitAfterRoot == .zero ? nil : config.decisionWaitAfterRoot.nanoseconds,
            maximumTraces: config.blocksOnOverflow ? nil : config.maximumTraces.map { max(1, $0 / shards) },
            maximumTraceBytes: config.maximumTraceBytes.map { UInt64($0) },
            decidesAtArrival: config.strategy == .spanIngest,
            recordCount: records, keptCacheSize: kept, notKeptCacheSize: notKept)
    }

    /// The shards, empty.
    func makeShards(
        _ context: ComponentContext, _ hash: TraceHash, _ chain: PolicyChain
    ) throws(ComponentError) -> [WindowShard] {
        var made: [WindowShard] = []
        var settings = settings
        settings.promotions = context.verdicts.promotions
        for number in 0..<shards {
            let allowance = MemoryAllowance(limit: bytesPerShard, reservation: try? context.budget.reserve(0))
            let decisions = MemoryAllowance(
                limit: decisionBytesPerShard, reservation: try? context.budget.reserve(0))
            guard
                let window = TraceWindow(
                    settings, hash: hash, chain: chain, allowance: allowance, decisionAllowance: decisions, shard: number)
            else {
                throw ComponentError(
                    "\(context.id): no memory for \(shards) shards of at most \(bytesPerShard) bytes each; "
                        + "give the byte budget or max_buffer_mib at least 1 MiB a shard"
                )
            }
            made.append(WindowShard(window, clock: context.clock))
        }
        return made
    }

    /// A shard's share of a cache, with room for the shards not being hit evenly: three times the standard deviation.
    /// Each takes an eighth of the shard's memory at most, so that old decisions do not crowd out spans.
    private static func share(_ size: Int, _ shards: Int, _ bytesPerShard: Int, each bytes: Int) -> Int {
        let affordable = bytesPerShard / 8 / bytes
        guard shards > 1, size > 0 else { return min(size, affordable) }
        let even = quotientRoundedUp(min(size, TailSamplingConfig.largestCache), shards)
        return min(size, even + Int(3 * Double(even).squareRoot().rounded(.up)), affordable)
    }

    private static func quotientRoundedUp(_ number: Int, _ divisor: Int) -> Int {
        number / divisor + (number % divisor == 0 ? 0 : 1)
    }
}
