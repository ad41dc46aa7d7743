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
    /// This shard's share of `num_traces`.
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
    /// Linked traces known at a time; 0 without a `linked` policy.
    var linkCount = 0
}

struct TraceWindow: ~Copyable {
    let settings: WindowSettings
    let hash: TraceHash
    let chain: PolicyChain
    var allowance: MemoryAllowance
    /// For `cache`, `records` and `links`.
    var decisionAllowance: MemoryAllowance
    var table: TraceTable
    var log: SpanLog
    var cache: DecisionCache
    var records: DecisionRecords
    var links: LinkTable
    var tally: VoteTally
    /// Votes that may not be a trace's last ones (`span-ingest`).
    var trial: VoteTally
    /// What the votes on the trace at hand depend on beside it.
    var measured: Measurements
    var departures = Departures()
    /// What `touch` has read: without a use, the compiler would leave the reading out.
    private var touched: UInt64 = 0
    /// Whether somebody wants to hear of every decision.
    var isObserved = false
    /// Whether traces are decided early for `num_traces`; else whoever lets requests in sees to it.
    var boundsCount = true

    /// Nanoseconds that decisions may be late.
    private static let linkSlack: UInt64 = 10_000_000_000

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
            // A link may lead to a trace that comes as long after it as one is held.
            let links = LinkTable(
                limit: settings.linkCount, retention: min(settings.decisionWait, .max / 4) * 2 + Self.linkSlack,
                &decisionAllowance),
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
        self.links = links
        tally = VoteTally(policies: chain.members.count)
        trial = VoteTally(policies: chain.members.count)
        measured = Measurements(count: chain.slotCount)
    }

    /// When to call `expire` next; nil when nothing waits.
    var nextDeadline: UInt64? {
        if table.nextToLeave != nil { return 0 }
        return table.nextToDecide.map { table[$0].deadline }
    }

    /// Decides traces whose time has come, as many as leave in one lock hold, and lets out spans of decided ones.
    /// - Parameter limit: traces that are decided at once; a hold with a large resource may go on with further ones.
    mutating func expire(now: UInt64, limit: Int) -> Departures {
        letOut(now: now) { $0.decideDue(now: now, limit: limit) }
    }

    /// Decides traces whatever their time, as many as leave in one lock hold; with `dropsAll` none is kept.
    /// - Parameters:
    ///   - limit: as for `expire`.
    ///   - holds: leaves those that are held for others, until all others are decided.
    mutating func close(now: UInt64, limit: Int, dropsAll: Bool, holds: Bool) -> Departures {
        var departures = letOut(now: now) { window in
            var left = limit
            while left > 0, let trace = holds ? window.table.nextNotHeld : window.table.nextToDecide {
                if dropsAll {
                    window.decide(trace, .shutdown, now: now, as: .forced(.notSampled))
                } else if holds {
                    window.decideOrHold(trace, .shutdown, now: now)
                } else {
                    window.decide(trace, .shutdown, now: now)
                }
                left -= 1
            }
            return limit - left
        }
        departures.hasMore = table.nextToLeave != nil || (holds ? table.nextNotHeld : table.nextToDecide) != nil
        return departures
    }

    /// Lets out spans of decided traces, after deciding some. While they are mostly one large resource, goes on.
    /// - Parameter decideSome: returns how many traces it looked at.
    private mutating func letOut(now: UInt64, _ decideSome: (inout TraceWindow) -> Int) -> Departures {
        var release = Release()
        var steps = 0
        // Those decided before leave first: arriving requests would have to help with what heaps up.
        if table.nextToLeave == nil { steps += decideSome(&self) }
        drain(into: &release, &steps)
        while release.isMostlyOneGroup, steps < release.hold.steps, table.nextToLeave == nil {
            let looked = decideSome(&self)
            if looked == 0 { break }
            steps += looked
            drain(into: &release, &steps)
        }
        finish(release)
        return takeDepartures(now: now)
    }

    /// Decides traces whose time has come, as many as leave in one step and `limit` at most; returns how many it looked
    /// at.
    private mutating func decideDue(now: UInt64, limit: Int) -> Int {
        touchNextToDecide(limit, now: now)
        var left = limit
        var steps = 0
        while left > 0, steps < Release.stepsAtOnce, let trace = table.nextToDecide, table[trace].deadline <= now {
            decideOrHold(trace, table[trace].place == .rooted ? .root : .timeout, now: now)
            steps += stepsToLeave(table[trace])
            left -= 1
        }
        return limit - left
    }

    // MARK: Waiting for memory once instead of for every trace
    //
    // A trace's places in the tables are random, so each look at them waits for memory. Looks that do not depend on each
    // other wait together: so the places of all traces at hand are read ahead of the work on the first of them.

    /// Reads the places of a trace.
    @inline(__always)
    mutating func touch(_ hash: UInt64) { touched &+= table.touch(hash) &+ cache.touch(hash) }

    /// Reads the places of the traces to be decided next.
    private mutating func touchNextToDecide(_ limit: Int, now: UInt64) {
        var left = limit
        var sum: UInt64 = 0
        table.forEachToDecide(by: now) { trace in
            let hash = hash(trace)
            sum &+= table.touch(hash) &+ cache.touch(hash)
            left -= 1
            return left > 0
        }
        touched &+= sum &+ cache.touchOldest(limit &- left)
    }

    /// Gives back memory that was not needed since the last call.
    mutating func trim(now: UInt64) {
        log.trim(&allowance)
        table.trim(&allowance)
        links.trim(now: now, &decisionAllowance)
    }

    /// Decides a trace and lets its spans leave.
    /// - Parameter decided: the decision, when the policies have made it already or are not to be asked.
    mutating func decide(_ trace: UInt32, _ trigger: DecisionTrigger, now: UInt64, as decided: Outcome? = nil) {
        var entry = table[trace]
        takeLinks(&entry.features, now: now)
        let outcome = decided ?? vote(on: entry.features, now: now)
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
        chain.learn(from: features, at: now)
        var record = DecisionRecord(features: features, decision: decision, trigger: trigger, decidedAt: now)
        if case .voted = outcome { record.isVotedOn = true }
        let number = records.append(record, measured, &decisionAllowance)
        if isObserved { departures.records.append((record, measured)) }
        cache.insert(hash(features.traceID), decision, record: number, now: now, &decisionAllowance)
        if decision.isKept {
            departures.kept.append(features.traceID)
        } else {
            departures.dropped.append(features.traceID)
        }
        if !decision.isKept, decision.policy != Decision.noPolicy { departures.droppedByPolicy += 1 }
        departures.triggers[trigger.rawValue] += 1
        if features.hasBrokenTraceState { departures.brokenTraceStates += 1 }
    }

    /// Works off decided traces and hands over what there is.
    mutating func depart(now: UInt64) -> Departures {
        drain()
        return takeDepartures(now: now)
    }

    /// Hands over what has left, without a look at what could.
    mutating func takeDepartures(now: UInt64) -> Departures {
        var taken = Departures()
        swap(&taken, &departures)
        taken.votes = tally.take()
        taken.hasMore = table.nextToLeave != nil || table.nextToDecide.map { table[$0].deadline <= now } ?? false
        return taken
    }
}
