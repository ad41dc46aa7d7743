import CollectorCore
import OTLPWire
import Synchronization

/// The traces that are to be kept for want of another exemplar, within a budget, half of which is for what is slower than
/// the median of its series: those are the exemplars that people look for, and the rarest. Samplers ask under their own
/// locks, so this has a lock of its own and calls nobody who has one.
final class TraceKeeper: Sendable {
    private struct Wish {
        /// The cells that want the trace.
        var count = 0
        /// Whether it is slow for one of them.
        var isSlow = false
    }

    private struct State {
        var wishes: [TraceID: Wish] = [:]
        var budget: TokenBucket
        /// What of the budget is not kept back for slow ones.
        var share: TokenBucket
    }

    private let clock: any CollectorClock
    private let telemetry: ExemplarTelemetry
    private let state: Mutex<State>

    init(perSecond: Double, _ clock: any CollectorClock, _ telemetry: ExemplarTelemetry) {
        self.clock = clock
        self.telemetry = telemetry
        state = Mutex(
            State(
                budget: TokenBucket(perSecond: perSecond, capacity: max(1, perSecond)),
                share: TokenBucket(perSecond: perSecond / 2, capacity: max(1, perSecond / 2))))
    }

    /// - Parameters:
    ///   - wishes: traces that one more cell wants.
    ///   - settled: traces that one cell less wants.
    ///   - decided: traces that no cell wants any more.
    func add(_ wishes: [(trace: TraceID, isSlow: Bool)], without settled: [TraceID], decided: [TraceID]) {
        guard !wishes.isEmpty || !settled.isEmpty || !decided.isEmpty else { return }
        state.withLock { state in
            for (trace, isSlow) in wishes {
                state.wishes[trace, default: Wish()].count += 1
                if isSlow { state.wishes[trace]?.isSlow = true }
            }
            for trace in settled {
                state.wishes[trace]?.count -= 1
                if state.wishes[trace]?.count == 0 { state.wishes[trace] = nil }
            }
            for trace in decided { state.wishes[trace] = nil }
        }
    }

    /// Whether a trace that would be dropped is to be kept; that takes from the budget.
    func claims(_ trace: TraceID) -> Bool {
        let isInBudget = state.withLock { state -> Bool? in
            guard let wish = state.wishes.removeValue(forKey: trace) else { return nil }
            let now = clock.now()
            guard state.budget.tokens(at: now) >= 1, wish.isSlow || state.share.tokens(at: now) >= 1 else {
                return false
            }
            state.budget.take(1, at: now)
            if !wish.isSlow { state.share.take(1, at: now) }
            return true
        }
        if isInBudget == true { telemetry.countPromoted() }
        if isInBudget == false { telemetry.countBeyondBudget() }
        return isInBudget ?? false
    }
}
