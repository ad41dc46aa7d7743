import Synchronization

/// A clock that only its driver moves, for simulations of days within seconds. Scheduled calls are made by `advance`, on
/// the driver's thread, in the order of their deadlines (of their scheduling, where these are equal), with the clock
/// standing at each deadline.
package final class VirtualClock: CollectorClock {
    private struct State {
        var now: UInt64
        var wallTime: UInt64
        var calls = CallHeap()
    }

    /// Where the monotonic clock begins: not at 0, which code could take for "unset".
    private static let start: UInt64 = 1_000_000_000_000

    private let state: Mutex<State>

    /// - Parameter wallTime: nanoseconds since 1970 at the beginning.
    package init(wallTime: UInt64) {
        state = Mutex(State(now: Self.start, wallTime: wallTime))
    }

    package func now() -> UInt64 { state.withLock { $0.now } }
    package func wallTime() -> UInt64 { state.withLock { $0.wallTime } }

    /// When the next scheduled call is due, in `now()`'s terms; nil when there is none.
    package var nextDeadline: UInt64? { state.withLock { $0.calls.nextDeadline } }

    @discardableResult
    package func schedule(at deadline: UInt64, _ body: @escaping @Sendable () -> Void) -> any ScheduledCall {
        let call = VirtualCall()
        state.withLock { $0.calls.insert(deadline, call, body) }
        return call
    }

    /// Moves the clock to `target` (of `now()`), never backwards, and makes the calls that fall due, those included that
    /// they schedule.
    ///
    /// - Parameter afterEach: called after each of them, with the clock still at its deadline.
    package func advance(to target: UInt64, afterEach: () -> Void = {}) {
        while let body = nextBody(until: target) {
            body()
            afterEach()
        }
        state.withLock { Self.move(&$0, to: target) }
    }

    /// Moves the wall time alone, as on a machine that was suspended: no timer notices.
    package func skip(nanoseconds: UInt64) {
        state.withLock { $0.wallTime = Self.sum($0.wallTime, nanoseconds) }
    }

    private func nextBody(until target: UInt64) -> (@Sendable () -> Void)? {
        state.withLock { state in
            guard let deadline = state.calls.nextDeadline, deadline <= target else { return nil }
            Self.move(&state, to: deadline)
            return state.calls.removeFirst()
        }
    }

    private static func move(_ state: inout State, to target: UInt64) {
        guard target > state.now else { return }
        state.wallTime = sum(state.wallTime, target - state.now)
        state.now = target
    }

    private static func sum(_ time: UInt64, _ step: UInt64) -> UInt64 {
        let (sum, overflow) = time.addingReportingOverflow(step)
        return overflow ? .max : sum
    }
}

/// A call that has not been made.
private final class VirtualCall: ScheduledCall {
    private let cancelled = Atomic<Bool>(false)

    var isCancelled: Bool { cancelled.load(ordering: .relaxed) }

    func cancel() { cancelled.store(true, ordering: .relaxed) }
}

/// A binary heap of calls by deadline and number. Cancelled ones stay until they come first.
private struct CallHeap {
    private struct Entry {
        var deadline: UInt64
        var number: UInt64
        var call: VirtualCall
        var body: @Sendable () -> Void

        func isEarlier(than other: Entry) -> Bool { (deadline, number) < (other.deadline, other.number) }
    }

    private var entries: [Entry] = []
    private var nextNumber: UInt64 = 0

    var nextDeadline: UInt64? {
        mutating get {
            while let first = entries.first, first.call.isCancelled { removeFirst() }
            return entries.first?.deadline
        }
    }

    mutating func insert(_ deadline: UInt64, _ call: VirtualCall, _ body: @escaping @Sendable () -> Void) {
        entries.append(Entry(deadline: deadline, number: nextNumber, call: call, body: body))
        nextNumber &+= 1
        var child = entries.count - 1
        while child > 0, entries[child].isEarlier(than: entries[(child - 1) / 2]) {
            entries.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    @discardableResult
    mutating func removeFirst() -> (@Sendable () -> Void)? {
        guard let last = entries.popLast() else { return nil }
        guard let first = entries.first else { return last.body }
        entries[0] = last
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < entries.count && entries[child].isEarlier(than: entries[least]) {
                least = child
            }
            if least == parent { return first.body }
            entries.swapAt(parent, least)
            parent = least
        }
    }
}
