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
    private let reliefs = Mutex<[@Sendable () -> Void]>([])

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

    // MARK: Those who hold much for long
    //
    // They stop growing below the soft limit, so that requests under way find room; and when somebody is refused all the
    // same, they are asked to give some of it back.

    /// What one component takes for itself when nobody says how much: with what it has on its way out, a quarter as much,
    /// and the bodies under way the use stays below the soft limit. Half of the budget at the usual soft limit of 80 %.
    package var usualClaim: Int { min(limitBytes / 2, softLimitBytes / 8 * 5) }
    /// The use up to which it may grow, so that more is never had.
    package var growthLimit: Int { softLimitBytes / 8 * 7 }
    /// The use from which it need not give back anything.
    package var reliefTarget: Int { softLimitBytes / 4 * 3 }

    /// Calls `relief` whenever somebody is refused for want of memory, on the refused one's thread, maybe with locks
    /// held: it must leave the work to other threads.
    package func onShortage(_ relief: @escaping @Sendable () -> Void) {
        reliefs.withLock { $0.append(relief) }
    }

    /// Asks those who hold much to give some of it back.
    package func noteShortage() {
        for relief in reliefs.withLock({ $0 }) { relief() }
    }

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

    /// Charges what is in memory anyway and can wait no longer, even beyond the limit: others are refused until there is
    /// room again.
    package func charge(_ bytes: Int) -> ByteReservation {
        let reservation = ByteReservation(budget: self)
        reservation.charge(bytes)
        return reservation
    }

    /// How long it will take until only `bytes` are held, by the drain rate of the last seconds.
    package func delay(untilHolding bytes: Int) -> Duration {
        drain.delay(toFree: max(1, usedBytes - bytes))
    }

    fileprivate func take(_ bytes: Int) throws(DeliveryError) {
        let limit = limitBytes
        let after = used.add(bytes, ordering: .relaxed).newValue
        guard after > limit else { return notePeak(after) }
        used.subtract(bytes, ordering: .relaxed)
        noteShortage()
        throw .retryable(
            "the byte budget is used up (\(after - bytes) of \(limit) bytes held); try again later",
            after: drain.delay(toFree: min(bytes, after - limit)), code: .resourceExhausted)
    }

    /// Takes bytes unless that makes the use more than `limit`; nobody is asked to give anything back for it.
    fileprivate func take(_ bytes: Int, within limit: Int) -> Bool {
        let after = used.add(bytes, ordering: .relaxed).newValue
        guard after > limit else {
            notePeak(after)
            return true
        }
        used.subtract(bytes, ordering: .relaxed)
        return false
    }

    fileprivate func takeAnyway(_ bytes: Int) {
        notePeak(used.add(bytes, ordering: .relaxed).newValue)
    }

    private func notePeak(_ used: Int) {
        if used > peak.load(ordering: .relaxed) { peak.max(used, ordering: .relaxed) }
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

    fileprivate func charge(_ bytes: Int) {
        budget.takeAnyway(bytes)
        charged.add(bytes, ordering: .relaxed)
    }

    /// The same for those who hold much for long and can do with less; false when the use of the whole budget would be
    /// more than `limit`.
    package func grow(to bytes: Int, within limit: Int) -> Bool {
        let missing = bytes - self.bytes
        guard missing > 0 else { return true }
        guard budget.take(missing, within: min(limit, budget.limitBytes)) else { return false }
        charged.add(missing, ordering: .relaxed)
        return true
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
