/// Time and timers, injected so that tests turn them by hand.
package protocol CollectorClock: Sendable {
    /// Nanoseconds of a monotonic clock with an arbitrary start.
    func now() -> UInt64
    /// Nanoseconds since 1970-01-01 UTC.
    func wallTime() -> UInt64
    /// Calls `body` once, on some thread, when `now()` has passed `deadline` (in nanoseconds of `now()`). `body` must not
    /// block.
    @discardableResult
    func schedule(at deadline: UInt64, _ body: @escaping @Sendable () -> Void) -> any ScheduledCall
}

/// A call that `CollectorClock.schedule` will make.
package protocol ScheduledCall: Sendable {
    /// The call is not made any more, unless it has begun.
    func cancel()
}

extension CollectorClock {
    /// Calls `body` once when `delay` has passed.
    @discardableResult
    package func schedule(after delay: Duration, _ body: @escaping @Sendable () -> Void) -> any ScheduledCall {
        schedule(at: now() &+ delay.nanoseconds, body)
    }
}

extension Duration {
    /// Whole nanoseconds, between 0 and about 292 years.
    package var nanoseconds: UInt64 {
        let parts = components
        guard parts.seconds >= 0, parts.attoseconds >= 0 else { return 0 }
        let (whole, overflow) = UInt64(parts.seconds).multipliedReportingOverflow(by: 1_000_000_000)
        if overflow { return UInt64(Int64.max) }
        return min(UInt64(Int64.max), whole &+ UInt64(parts.attoseconds / 1_000_000_000))
    }
}
