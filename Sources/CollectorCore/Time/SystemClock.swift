import Glibc
package import NIOCore

/// The machine's clocks; timers run on an event loop.
package struct SystemClock: CollectorClock {
    private let eventLoop: any EventLoop

    package init(eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    package func now() -> UInt64 { NIODeadline.now().uptimeNanoseconds }

    package func wallTime() -> UInt64 {
        var time = timespec()
        // unsafe: clock_gettime takes a pointer; `time` lives across the call.
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return UInt64(max(0, time.tv_sec)) &* 1_000_000_000 &+ UInt64(max(0, time.tv_nsec))
    }

    package func schedule(at deadline: UInt64, _ body: @escaping @Sendable () -> Void) -> any ScheduledCall {
        EventLoopCall(scheduled: eventLoop.scheduleTask(deadline: .uptimeNanoseconds(deadline), body))
    }
}

private struct EventLoopCall: ScheduledCall {
    let scheduled: Scheduled<Void>

    func cancel() { scheduled.cancel() }
}
