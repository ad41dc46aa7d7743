import CollectorCore
import OTLPWire

extension ExemplarIndex {
    enum Gate {
        case publish, wait, discard
    }

    /// Where a sampler decides, only what it kept may be shown; without one, what nobody dropped.
    func gate(_ trace: TraceID) -> Gate {
        switch verdicts.verdict(of: trace) {
        case .kept: .publish
        case .dropped, .lost: .discard
        case nil: verdicts.hasSampler ? .wait : .publish
        }
    }

    /// Hears of new verdicts.
    mutating func learn(
        _ traces: [TraceID], _ verdict: TraceVerdict, now: UInt64, _ actions: inout ExemplarActions
    ) {
        var shown: Set<TraceID> = []
        for trace in traces {
            let entries = pending.take(trace, &memory)
            if !entries.isEmpty { actions.decided.append(trace) }
            switch verdict {
            case .kept:
                for entry in entries {
                    publish(entry.exemplar, entry.series, isFromPoint: entry.isFromPoint, now: now, &actions)
                }
            case .dropped, .lost:
                for entry in entries { withhold(entry, &actions) }
                if published.remove(trace) { shown.insert(trace) }
                // A lost trace is withdrawn even if nobody here remembers showing it.
                if verdict == .lost { actions.withdrawals.insert(trace) }
            }
        }
        withdraw(shown, now: now, &actions)
    }

    /// Of traces that a point was handed on with, those that must not be shown after all: their verdict changed
    /// meanwhile.
    mutating func recheck(_ traces: [TraceID], now: UInt64, _ actions: inout ExemplarActions) {
        let gone = Set(traces.filter { gate($0) == .discard })
        for trace in gone { _ = published.remove(trace) }
        withdraw(gone, now: now, &actions)
    }

    /// Gives up waiting for verdicts that are overdue.
    mutating func expire(_ now: UInt64, _ actions: inout ExemplarActions) {
        for entry in pending.expired(now, &memory) {
            actions.decided.append(entry.exemplar.exemplar.traceID)
            if config.unknownTraces == .publish {
                publish(entry.exemplar, entry.series, isFromPoint: entry.isFromPoint, now: now, &actions)
            } else {
                dropWish(for: entry, &actions)
                actions.counts.withheld[.unknown] += 1
            }
        }
    }

    /// Lets an exemplar wait for the verdict about its trace.
    mutating func hold(_ entry: PendingVerdicts.Entry, now: UInt64, _ actions: inout ExemplarActions) {
        let wait = verdicts.decisionWait ?? 0
        // Samplers that decide at once do it when the spans come, which may be after the point.
        let deadline = now &+ (wait > 0 ? wait &* 2 : 10_000_000_000)
        switch pending.add(entry, until: deadline, &memory) {
        case .added: actions.counts.shedAttributes += entry.exemplar.shedAttributes
        case .known: if entry.isFromPoint { actions.counts.withheld[.duplicate] += 1 }
        case .full:
            actions.counts.withheld[.full] += 1
            return
        case .noMemory:
            actions.counts.withheld[.memory] += 1
            return
        }
        wishToKeep(entry.exemplar, entry.series, until: deadline, now: now, &actions)
    }

    /// An exemplar's trace was dropped: the next candidate takes its place.
    mutating func withhold(_ entry: PendingVerdicts.Entry, _ actions: inout ExemplarActions) {
        dropWish(for: entry, &actions)
        guard entry.isFromPoint else { return }
        actions.counts.withheld[.dropped] += 1
        guard let cell = series[entry.series]?.cell(of: entry.exemplar.exemplar.value) else { return }
        if update(entry.series, &actions, { $0.lose(cell) }) == true { actions.counts.replaced += 1 }
    }
}
