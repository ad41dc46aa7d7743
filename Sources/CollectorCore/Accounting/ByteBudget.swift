// The byte budget bounds what all buffers of the process hold together: request bodies being read, queues, windows.
//
// One reservation per storage, charged at its capacity, given back when the last reference to it goes. A body reserves
// as its bytes arrive, so a client that only announces a large body takes nothing. The limit is a quarter of the
// memory the process may use unless `memory_limiter` lowers it.

import Synchronization

/// A bound on the bytes held by all buffers of the process, with the rate at which they drain.
package final class ByteBudget: Sendable {
    private let used = Atomic<Int>(0)
    private let limit: Atomic<Int>
    private let softLimit: Atomic<Int>
    private let drain: DrainRate
    private let peak = Atomic<Int>(0)

    /// - Parameters:
    ///   - limit: bytes that may be reserved together.
    ///   - now: nanoseconds of a monotonic clock.
    package init(limit: Int, now: @escaping @Sendable () -> UInt64) {
        self.limit = Atomic(limit)
        softLimit = Atomic(limit)
        self.drain = DrainRate(now: now)
    }

    package var usedBytes: Int { used.load(ordering: .relaxed) }
    package var limitBytes: Int { limit.load(ordering: .relaxed) }
    /// Above this a `memory_limiter` refuses new data; the limit when there is none.
    package var softLimitBytes: Int { min(limitBytes, softLimit.load(ordering: .relaxed)) }

    /// The most bytes that were reserved together since the last call.
    package func takePeak() -> Int {
        peak.exchange(usedBytes, ordering: .relaxed)
    }

    /// Lowers the limit to `bytes` if that is less than what holds now (`memory_limiter`).
    package func lowerLimit(to bytes: Int) {
        limit.min(bytes, ordering: .relaxed)
    }

    /// Lowers both limits to those of a configuration, each if that is less than what holds now.
    package func lowerLimits(to limits: MemoryLimits) {
        lowerLimit(to: limits.hard)
        softLimit.min(limits.soft, ordering: .relaxed)
    }

    /// Reserves `bytes`, or throws a retryable error with a delay computed from the drain rate.
    package func reserve(_ bytes: Int) throws(DeliveryError) -> ByteReservation {
        let reservation = ByteReservation(budget: self)
        try reservation.grow(to: bytes)
        return reservation
    }

    /// How long it will take until only `bytes` are held, by the drain rate of the last seconds.
    package func delay(untilHolding bytes: Int) -> Duration {
        drain.delay(toFree: max(1, usedBytes - bytes))
    }

    fileprivate func take(_ bytes: Int) throws(DeliveryError) {
        let limit = limitBytes
        let after = used.add(bytes, ordering: .relaxed).newValue
        guard after > limit else {
            if after > peak.load(ordering: .relaxed) { peak.max(after, ordering: .relaxed) }
            return
        }
        used.subtract(bytes, ordering: .relaxed)
        throw .retryable(
            "the byte budget is used up (\(after - bytes) of \(limit) bytes held); try again later",
            after: drain.delay(toFree: min(bytes, after - limit)), code: .resourceExhausted)
    }

    fileprivate func giveBack(_ bytes: Int) {
        used.subtract(bytes, ordering: .relaxed)
        drain.freed(bytes)
    }
}

/// Bytes charged to a `ByteBudget` until the last reference to this object goes.
package final class ByteReservation: Sendable {
    private let budget: ByteBudget
    private let charged = Atomic<Int>(0)

    fileprivate init(budget: ByteBudget) {
        self.budget = budget
    }

    package var bytes: Int { charged.load(ordering: .relaxed) }

    /// Raises the charge to `bytes`; a smaller number changes nothing. Throws when the budget has no room, the charge
    /// stays as it was then. One thread at a time.
    package func grow(to bytes: Int) throws(DeliveryError) {
        let missing = bytes - self.bytes
        guard missing > 0 else { return }
        try budget.take(missing)
        charged.add(missing, ordering: .relaxed)
    }

    /// Lowers the charge to `bytes`, when a storage turned out smaller than was set aside. One thread at a time.
    package func shrink(to bytes: Int) {
        let surplus = self.bytes - max(0, bytes)
        guard surplus > 0 else { return }
        charged.subtract(surplus, ordering: .relaxed)
        budget.giveBack(surplus)
    }

    deinit {
        let bytes = charged.load(ordering: .relaxed)
        if bytes > 0 { budget.giveBack(bytes) }
    }
}
