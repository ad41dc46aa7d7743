import CollectorCore
import Synchronization

/// Says when to look for traces whose time has come: one timer for all shards, so that what they let out leaves
/// together. While a round of decisions is under way the timer is not set; whoever ends the round sets it again.
final class DecisionTimer: Sendable {
    private struct State {
        var at = UInt64.max
        var call: (any ScheduledCall)?
        var lastRound: UInt64 = 0
        var isInRound = false
        var isCancelled = false
    }

    /// Rounds begin no closer than this, in nanoseconds, so that traces leave in company.
    static let spacing: UInt64 = 10_000_000

    private let clock: any CollectorClock
    private let state = Mutex(State())
    /// When the timer is set for, 0 when it is not to be set; read without the lock on the way of every batch.
    private let armedAt = Atomic<UInt64>(.max)

    init(_ clock: any CollectorClock) {
        self.clock = clock
    }

    /// Makes sure that `round` is called soon after `deadline`.
    func wake(at deadline: UInt64, _ round: @escaping @Sendable () -> Void) {
        guard deadline < armedAt.load(ordering: .acquiring) else { return }
        state.withLock { state in
            guard !state.isInRound, !state.isCancelled else { return }
            let at = max(deadline, state.lastRound &+ Self.spacing)
            guard at < state.at else { return }
            state.call?.cancel()
            state.at = at
            armedAt.store(at, ordering: .releasing)
            state.call = clock.schedule(at: at, round)
        }
    }

    /// The timer has fired and a round begins.
    func beginRound() {
        state.withLock { state in
            state.at = .max
            state.call = nil
            state.lastRound = clock.now()
            state.isInRound = true
            armedAt.store(0, ordering: .releasing)
        }
    }

    /// The round is over: look at all deadlines after this, not before, and none is missed.
    func endRound() {
        state.withLock { state in
            state.isInRound = false
            if !state.isCancelled { armedAt.store(.max, ordering: .releasing) }
        }
    }

    func cancel() {
        state.withLock { state in
            state.isCancelled = true
            state.call?.cancel()
            state.call = nil
            armedAt.store(0, ordering: .releasing)
        }
    }
}
