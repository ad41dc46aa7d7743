import CollectorCore
import NIOCore

/// The one timer of a connection, for deadlines that move with every request.
///
/// Moving a deadline back costs a store; only an earlier one schedules anew. When the timer fires before the deadline
/// of that moment it is set again.
struct ConnectionTimer {
    private var deadline: NIODeadline?
    private var scheduled: (task: Scheduled<Void>, at: NIODeadline)?

    /// Sets or clears the deadline. `fire` is called on the event loop at that time or earlier, and calls `fired`.
    mutating func set(
        _ deadline: NIODeadline?, on eventLoop: any EventLoop, _ fire: @escaping @Sendable () -> Void
    ) {
        self.deadline = deadline
        guard let deadline else { return }
        if let scheduled {
            guard deadline < scheduled.at else { return }
            scheduled.task.cancel()
        }
        scheduled = (eventLoop.scheduleTask(deadline: deadline, fire), deadline)
    }

    /// Moves the deadline to an earlier time; a later one changes nothing.
    mutating func advance(
        to deadline: NIODeadline, on eventLoop: (any EventLoop)?, _ fire: @escaping @Sendable () -> Void
    ) {
        guard let eventLoop else { return }
        if let current = self.deadline, current <= deadline { return }
        set(deadline, on: eventLoop, fire)
    }

    /// Whether the deadline has come; otherwise the timer goes on.
    mutating func fired(on eventLoop: any EventLoop, _ fire: @escaping @Sendable () -> Void) -> Bool {
        scheduled = nil
        guard let deadline else { return false }
        if eventLoop.now >= deadline {
            self.deadline = nil
            return true
        }
        set(deadline, on: eventLoop, fire)
        return false
    }

    mutating func cancel() {
        deadline = nil
        scheduled?.task.cancel()
        scheduled = nil
    }
}

extension NIODeadline {
    /// This much later, up to ten years; nil for a limit of zero, which means none.
    func after(_ limit: Duration) -> NIODeadline? {
        guard limit > .zero else { return nil }
        return self + .nanoseconds(Int64(clamping: min(limit, .seconds(315_360_000)).nanoseconds))
    }
}
