/// How many decisions of one kind a shard remembers: its share of a configured number, as far as there is memory.
struct DecisionMemory {
    /// Where the number is configured.
    let key: String
    /// What is configured; nil leaves it to `TailSamplingConfig.defaultCacheSize`.
    let configured: Int?
    let shards: Int
    /// Of the window: each kind of decisions takes an eighth of a shard at most, so that old ones do not crowd out spans.
    let windowBytes: Int
    /// What one decision takes.
    let bytesEach: Int

    private var size: Int { min(configured ?? TailSamplingConfig.defaultCacheSize, TailSamplingConfig.largestCache) }
    private var affordable: Int { min(WindowPlan.largestShard, windowBytes / shards) / 8 / bytesEach }

    /// With room for the shards not being hit evenly: three times the standard deviation.
    private var wanted: Int {
        guard shards > 1, size > 0 else { return size }
        let even = WindowPlan.quotientRoundedUp(size, shards)
        return min(size, even + Self.spread(even))
    }

    var share: Int { min(wanted, affordable) }

    /// That there is no memory for as many as configured, with what would be right; nil when there is.
    var deviation: String? {
        guard configured != nil, share < wanted else { return nil }
        let room = shards > 1 ? shards * max(0, affordable - Self.spread(affordable)) : affordable
        let needed = WindowPlan.quotientRoundedUp(wanted * bytesEach * 8, 1 << 20) * shards
        let isPossible = needed << 20 <= shards * WindowPlan.largestShard
        return
            "\(key): of \(size) decisions the latest \(room) are remembered, since they take an eighth of the window "
            + "at most and it has \(windowBytes >> 20) MiB; "
            + (isPossible ? "give max_buffer_mib at least \(needed), or" : "give") + " this key at most \(room)"
    }

    private static func spread(_ even: Int) -> Int { Int(3 * Double(even).squareRoot().rounded(.up)) }
}
