package import CollectorCore
import Synchronization

/// A clock that stands still until a test moves it. Scheduled calls are made by `advance`, on the calling thread, in
/// the order of their deadlines, with the clock standing at each deadline.
package final class ManualClock: CollectorClock {
    private struct Entry {
        var deadline: UInt64
        var number: UInt64
        var body: @Sendable () -> Void
    }

    private struct State {
        var now: UInt64
        var nextNumber: UInt64 = 0
        var entries: [Entry] = []
    }

    private let wallOffset: UInt64
    private let state: Mutex<State>

    /// - Parameters:
    ///   - now: where the monotonic clock starts, in nanoseconds; not 0, which code could take for "unset".
    ///   - wallTime: what `wallTime()` says then.
    package init(now: UInt64 = 1_000_000_000_000, wallTime: UInt64 = 1_700_000_000_000_000_000) {
        state = Mutex(State(now: now))
        wallOffset = wallTime &- now
    }

    package func now() -> UInt64 { state.withLock { $0.now } }
    package func wallTime() -> UInt64 { now() &+ wallOffset }

    /// Calls that were scheduled and neither made nor cancelled.
    package var scheduledCount: Int { state.withLock { $0.entries.count } }

    @discardableResult
    package func schedule(at deadline: UInt64, _ body: @escaping @Sendable () -> Void) -> any ScheduledCall {
        let number = state.withLock { state in
            state.nextNumber += 1
            state.entries.append(Entry(deadline: deadline, number: state.nextNumber, body: body))
            return state.nextNumber
        }
        return Call(clock: self, number: number)
    }

    /// Moves the clock forward and makes the calls that fall due, those included that they schedule.
    package func advance(by duration: Duration) {
        let target = now() &+ duration.nanoseconds
        while let body = nextBody(until: target) { body() }
        state.withLock { $0.now = max($0.now, target) }
    }

    private func nextBody(until target: UInt64) -> (@Sendable () -> Void)? {
        state.withLock { state in
            let due = state.entries.indices.filter { state.entries[$0].deadline <= target }
            guard let first = due.min(by: { earlier(state.entries[$0], state.entries[$1]) }) else { return nil }
            let entry = state.entries.remove(at: first)
            state.now = max(state.now, entry.deadline)
            return entry.body
        }
    }

    private func earlier(_ left: Entry, _ right: Entry) -> Bool {
        (left.deadline, left.number) < (right.deadline, right.number)
    }

    fileprivate func cancel(_ number: UInt64) {
        state.withLock { state in state.entries.removeAll { $0.number == number } }
    }

    private struct Call: ScheduledCall {
        let clock: ManualClock
        let number: UInt64

        func cancel() { clock.cancel(number) }
    }
}
