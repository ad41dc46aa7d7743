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

import CollectorCore
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
    /// Who may want traces that no policy wants; nil for nobody.
    var promotions: TracePromotions?
    /// Decisions remembered with their reasons.
    var recordCount = 0
    var keptCacheSize: Int
    var notKeptCacheSize: Int
}

struct TraceWindow: ~Copyable {
    let settings: WindowSettings
    let hash: TraceHash
    let chain: PolicyChain
    var allowance: MemoryAllowance
    /// For `cache` and `records`.
    var decisionAllowance: MemoryAllowance
    var table: TraceTable
    var log: SpanLog
    var cache: DecisionCache
    var records: DecisionRecords
    var tally: VoteTally
    /// What the votes on the trace at hand depend on beside it.
    var measured: Measurements
    var departures = Departures()
    /// Whether somebody wants to hear of every decision.
    var isObserved = false

    /// What all of it occupies.
    var bytes: Int { allowance.used + decisionAllowance.used }

    /// Nil when the allowances have no room for the smallest window, or the system no address space.
    /// - Parameter shard: tells the log's generations from those of other shards.
    init?(
        _ settings: WindowSettings, hash: TraceHash, chain: PolicyChain, allowance: MemoryAllowance,
        decisionAllowance: MemoryAllowance, shard: Int = 0
    ) {
        var allowance = allowance
        var decisionAllowance = decisionAllowance
        guard let table = TraceTable(limit: allowance.limit, &allowance),
            var log = SpanLog(limit: allowance.limit, firstGeneration: shard << 40),
            let cache = DecisionCache(
                keptLimit: settings.keptCacheSize, notKeptLimit: settings.notKeptCacheSize,
                &decisionAllowance),
            let records = DecisionRecords(limit: settings.recordCount, slots: chain.slotCount),
            log.open(for: 1, &allowance)
        else { return nil }
        self.settings = settings
        self.hash = hash
        self.chain = chain
        self.allowance = allowance
        self.decisionAllowance = decisionAllowance
        self.table = table
        self.log = log
        self.cache = cache
        self.records = records
        tally = VoteTally(policies: chain.members.count)
        measured = Measurements(count: chain.slotCount)
    }

    /// When to call `expire` next; nil when nothing waits.
    var nextDeadline: UInt64? {
        if table.nextToLeave != nil { return 0 }
        return table.nextToDecide.map { table[$0].deadline }
    }

    /// Decides traces whose time has come, as many as leave in one step and `limit` at most, and lets out spans of
    /// decided ones.
    mutating func expire(now: UInt64, limit: Int) -> Departures {
        var left = limit
        // Those decided before leave first: arriving requests would have to help with what heaps up.
        var spans = table.nextToLeave == nil ? 0 : Self.spansAtOnce
        while left > 0, spans < Self.spansAtOnce, let trace = table.nextToDecide, table[trace].deadline <= now {
            spans += Int(table[trace].features.spanCount)
            decide(trace, table[trace].place == .rooted ? .root : .timeout, now: now)
            left -= 1
        }
        return depart(now: now)
    }

    /// Decides traces whatever their time, `limit` at most; with `dropsAll` none is kept.
    mutating func close(now: UInt64, limit: Int, dropsAll: Bool) -> Departures {
        var left = limit
        while left > 0, let trace = table.nextToDecide {
            decide(trace, .shutdown, now: now, as: dropsAll ? .forced(.notSampled) : nil)
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
    /// - Parameter decided: the decision, when the policies have made it already or are not to be asked.
    mutating func decide(_ trace: UInt32, _ trigger: DecisionTrigger, now: UInt64, as decided: Outcome? = nil) {
        var entry = table[trace]
        // At the end of its wait a `span-ingest` trace has been voted on already, unless it had to wait for the whole.
        let isVotedOn = settings.decidesAtArrival && !chain.drops && !chain.mixesChance && trigger != .ingest
        let outcome = decided ?? (isVotedOn ? .voted(.notSampled) : vote(on: entry.features, now: now))
        let final = decided == nil ? promoted(outcome, entry.features.traceID) : outcome
        entry.decision = final.decision
        table[trace] = entry
        table.move(trace, to: .leaving)
        record(final, entry.features, trigger, now: now)
        departures.removalAges.append(now &- entry.arrived)
    }

    /// A decision, and whether the policies made it.
    enum Outcome {
        case voted(Decision)
        case forced(Decision)

        var decision: Decision {
            switch self {
            case .voted(let decision), .forced(let decision): decision
            }
        }
    }

    /// Asks the policies.
    mutating func vote(on features: TraceFeatures, now: UInt64) -> Outcome {
        .voted(chain.decide(features, at: now, &measured, &tally))
    }

    /// Keeps a trace that no policy wanted, nor dropped, if somebody has use for it.
    func promoted(_ outcome: Outcome, _ trace: TraceID) -> Outcome {
        guard !outcome.decision.isKept, outcome.decision.policy == Decision.noPolicy,
            settings.promotions?.claims(trace) == true
        else { return outcome }
        return .voted(.promoted)
    }

    /// Notes a decision: for late spans, for policies that learn, and for whoever asks outside.
    mutating func record(_ outcome: Outcome, _ features: TraceFeatures, _ trigger: DecisionTrigger, now: UInt64) {
        let decision = outcome.decision
        chain.learn(from: features, decision, at: now)
        var record = DecisionRecord(features: features, decision: decision, trigger: trigger, decidedAt: now)
        if case .voted = outcome { record.isVotedOn = true }
        let number = records.append(record, measured, &decisionAllowance)
        if isObserved { departures.records.append((record, measured)) }
        cache.insert(hash(features.traceID), decision, record: number, now: now, &decisionAllowance)
        if decision.isKept { departures.kept.append(features.traceID) } else { departures.dropped.append(features.traceID) }
        departures.triggers[trigger.rawValue] += 1
        if features.hasBrokenTraceState { departures.brokenTraceStates += 1 }
    }

    /// A kept trace has a link to this one.
    mutating func markLinked(_ trace: TraceID, hash: UInt64) {
        guard let number = table.find(trace, hash: hash) else { return }
        table[number].features.isLinked = true
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
