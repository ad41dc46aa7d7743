import CollectorCore
import Synchronization

/// One shard's window behind its lock, with the timer that wakes it.
final class WindowShard: Sendable {
    private struct Timer {
        var at = UInt64.max
        var call: (any ScheduledCall)?
        var lastTick: UInt64 = 0
    }

    /// Rounds of decisions are no closer than this, so that traces leave in company.
    static let tickSpacing: UInt64 = 10_000_000

    let window: Mutex<TraceWindow>
    private let clock: any CollectorClock
    private let timer = Mutex(Timer())
    /// When the timer is set for; read without the lock on the way of every batch.
    private let armedAt = Atomic<UInt64>(.max)

    init(_ window: consuming sending TraceWindow, clock: any CollectorClock) {
        self.window = Mutex(window)
        self.clock = clock
    }

    /// Makes sure that `tick` is called soon after `deadline`.
    func wake(at deadline: UInt64, _ tick: @escaping @Sendable () -> Void) {
        guard deadline < armedAt.load(ordering: .relaxed) else { return }
        timer.withLock { timer in
            let at = max(deadline, timer.lastTick &+ Self.tickSpacing)
            guard at < timer.at else { return }
            timer.call?.cancel()
            timer.at = at
            armedAt.store(at, ordering: .relaxed)
            timer.call = clock.schedule(at: at, tick)
        }
    }

    /// The timer has fired; the next one is set by `wake`.
    func beginTick() {
        timer.withLock { timer in
            timer.at = .max
            timer.call = nil
            timer.lastTick = clock.now()
            armedAt.store(.max, ordering: .relaxed)
        }
    }

    func cancelTimer() {
        timer.withLock { timer in
            timer.call?.cancel()
            timer.call = nil
            timer.at = 0
            armedAt.store(0, ordering: .relaxed)
        }
    }
}
