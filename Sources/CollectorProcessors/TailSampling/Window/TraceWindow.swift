// One shard's window: spans that wait for their trace's decision. A value without I/O, clock or lock; what is to be
// done outside comes back as `Departures`.
//
//     add ──▶ log (bytes)  + table (features, deadline) ──▶ decide ──▶ leaving ──▶ drain: kept spans are written out,
//      │                                                                                  dropped ones forgotten
//      └── decided already? ──▶ follow the verdict, from the entry or the cache
//
// A decision takes no longer for a trace of a million spans than for one of one: its entry moves to the `leaving` list,
// and `drain` works that off some spans at a time. When memory is short, all traces with a span in the oldest segment
// are decided with what is known; nothing undecided is ever thrown away.

import OTLPWire

struct WindowSettings: Sendable {
    var decisionWait: UInt64
    /// `decision_wait_after_root_received`; nil leaves traces with a root to `decisionWait`.
    var rootWait: UInt64?
    /// `num_traces` of this shard.
    var maximumTraces: Int?
    var maximumTraceBytes: UInt64?
    /// `sampling_strategy: span-ingest`.
    var decidesAtArrival = false
    var keptCacheSize: Int
    var notKeptCacheSize: Int
}

struct TraceWindow: ~Copyable {
    let settings: WindowSettings
    let hash: TraceHash
    let chain: PolicyChain
    var allowance: MemoryAllowance
    var table: TraceTable
    var log: SpanLog
    var cache: DecisionCache
    var tally: VoteTally
    var departures = Departures()

    /// Nil when `allowance` has no room for the smallest window, or the system no address space.
    /// - Parameter shard: tells the log's generations from those of other shards.
    init?(_ settings: WindowSettings, hash: TraceHash, chain: PolicyChain, allowance: MemoryAllowance, shard: Int = 0) {
        var allowance = allowance
        guard let table = TraceTable(limit: allowance.limit, &allowance),
            var log = SpanLog(limit: allowance.limit, firstGeneration: shard << 40),
            let cache = DecisionCache(
                keptLimit: settings.keptCacheSize, notKeptLimit: settings.notKeptCacheSize, &allowance),
            log.open(for: 1, &allowance)
        else { return nil }
        self.settings = settings
        self.hash = hash
        self.chain = chain
        self.allowance = allowance
        self.table = table
        self.log = log
        self.cache = cache
        tally = VoteTally(policies: chain.policies.count)
    }

    /// When to call `expire` next; nil when nothing waits.
    var nextDeadline: UInt64? {
        if table.nextToLeave != nil { return 0 }
        return table.nextToDecide.map { table[$0].deadline }
    }

    /// Decides the traces whose time has come, `limit` at most, and lets out spans of decided ones.
    mutating func expire(now: UInt64, limit: Int) -> Departures {
        var left = limit
        while left > 0, let trace = table.nextToDecide, table[trace].deadline <= now {
            decide(trace, table[trace].place == .rooted ? .root : .timeout, now: now)
            left -= 1
        }
        return depart(now: now)
    }

    /// Decides traces whatever their time, `limit` at most; with `dropsAll` none is kept.
    mutating func close(now: UInt64, limit: Int, dropsAll: Bool) -> Departures {
        var left = limit
        while left > 0, let trace = table.nextToDecide {
            decide(trace, .shutdown, now: now, forced: dropsAll ? .notSampled : nil)
            left -= 1
        }
        var departures = depart(now: now)
        departures.hasMore = departures.hasMore || table.undecidedCount > 0
        return departures
    }

    /// Gives back memory that was not needed since the last call.
    mutating func trim() {
        log.trim(&allowance)
        table.trim(&allowance)
    }

    /// Decides a trace and lets its spans leave.
    /// - Parameter forced: decides instead of the policies.
    mutating func decide(_ trace: UInt32, _ trigger: DecisionTrigger, now: UInt64, forced: Decision? = nil) {
        var entry = table[trace]
        let features = entry.features
        // At the end of its wait a `span-ingest` trace has been voted on already.
        let decision =
            forced ?? (settings.decidesAtArrival && trigger != .ingest ? .notSampled : chain.decide(features, &tally))
        entry.decision = decision
        table[trace] = entry
        table.move(trace, to: .leaving)
        record(decision, of: features.traceID, trigger, now: now)
        departures.removalAges.append(now &- entry.arrived)
    }

    /// Notes a decision for late spans and for whoever asks outside.
    mutating func record(_ decision: Decision, of trace: TraceID, _ trigger: DecisionTrigger, now: UInt64) {
        cache.insert(hash(trace), decision, now: now, &allowance)
        if decision.isKept { departures.kept.append(trace) } else { departures.dropped.append(trace) }
        departures.triggers[trigger.rawValue] += 1
    }

    /// Works off decided traces and hands over what there is.
    mutating func depart(now: UInt64) -> Departures {
        drain()
        var taken = Departures()
        swap(&taken, &departures)
        taken.votes = tally.take()
        taken.hasMore = table.nextToLeave != nil || table.nextToDecide.map { table[$0].deadline <= now } ?? false
        return taken
    }
}
