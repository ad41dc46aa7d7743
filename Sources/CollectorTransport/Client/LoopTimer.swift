import NIOCore

/// A deadline on an event loop that is cheap to move later: the scheduled callback stays where it is and, when it fires
/// early, waits for the rest. Requests with one timeout thus share one callback per connection.
final class LoopTimer: NIOScheduledCallbackHandler {
    private let eventLoop: any EventLoop
    private var deadline: NIODeadline?
    private var scheduled: (callback: NIOScheduledCallback, at: NIODeadline)?
    /// Called when the deadline has passed, once per `set`.
    var onDeadline: () -> Void = {}

    /// On the event loop only.
    init(eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    func set(_ deadline: NIODeadline) {
        self.deadline = deadline
        if let scheduled {
            if scheduled.at <= deadline { return }
            scheduled.callback.cancel()
        }
        schedule(deadline)
    }

    /// Moves the deadline, unless the one that holds comes first.
    func setEarlier(_ deadline: NIODeadline) {
        if let current = self.deadline, current <= deadline { return }
        set(deadline)
    }

    /// Clears the deadline and lets go of the callback, which keeps this object alive.
    func stop() {
        deadline = nil
        scheduled?.callback.cancel()
        scheduled = nil
        onDeadline = {}
    }

    func handleScheduledCallback(eventLoop: some EventLoop) {
        scheduled = nil
        guard let deadline else { return }
        if deadline > self.eventLoop.now {
            schedule(deadline)
        } else {
            self.deadline = nil
            onDeadline()
        }
    }

    private func schedule(_ deadline: NIODeadline) {
        // Scheduling fails only on a loop that is shut down, where nothing fires any more.
        scheduled = (try? eventLoop.assumeIsolated().scheduleCallback(at: deadline, handler: self)).map {
            ($0, deadline)
        }
    }
}
