// What `batch` holds and when it lets go of it, without clocks, threads or consumers:
//
//     add ──▶ pending ──(size reached, time over)──▶ next() ──▶ the caller sends
//                                                      ▲            │ refused for now
//                                                   refused ◀───────┘ all wait until `retryAt`
//
// Items in a call of the caller's are in neither list.

import CollectorCore

/// The state of one `batch` processor. Times are nanoseconds of the collector's clock.
struct BatchAssembly {
    enum Trigger {
        case size, timeout, retry
    }

    private let signal: Signal
    private let config: BatchConfig
    private var pending: [Segment] = []
    private var pendingCount = 0
    /// Batches that downstream refused for now, oldest first.
    private var refused: [Batch] = []
    private var refusedCount = 0
    /// Items that were admitted and are neither here nor withdrawn yet.
    private var reserved = 0
    /// When the oldest pending item has waited long enough.
    private var flushAt: UInt64?
    /// Nothing is sent before, after a refusal.
    private var retryAt: UInt64?
    private var failures: UInt64 = 0
    private(set) var isClosed = false

    init(_ config: BatchConfig, signal: Signal) {
        self.config = config
        self.signal = signal
    }

    /// Items that only this processor has.
    var heldCount: Int { pendingCount + refusedCount }

    /// When to call `next` again if nothing else happens; nil when nothing waits.
    var wakeUp: UInt64? {
        guard heldCount > 0 else { return nil }
        return retryAt ?? flushAt
    }

    /// Sets room aside. Refuses when so much is held that downstream must be stuck: who holds without limit loses all
    /// of it at once in the end.
    mutating func reserve(_ items: Int, now: UInt64) throws(DeliveryError) {
        if isClosed { throw .retryable("batch: shutting down; send to another instance or later") }
        guard heldCount + reserved < config.heldLimit else {
            let wait = Duration.nanoseconds(Int64(clamping: (retryAt ?? now) &- now))
            throw .retryable(
                "batch: \(heldCount) items are held since the next component takes none; try again later",
                after: max(.seconds(1), min(wait, .seconds(30))), code: .resourceExhausted)
        }
        reserved += items
    }

    mutating func release(_ items: Int) { reserved -= items }

    /// Takes a batch into room that `reserve` set aside.
    mutating func add(_ batch: Batch, now: UInt64) {
        reserved -= batch.itemCount
        guard !batch.isEmpty else { return }
        if pending.isEmpty { flushAt = now &+ config.timeout.nanoseconds }
        pending += batch.segments
        pendingCount += batch.itemCount
    }

    /// Takes out the batch that is to be sent now, if there is one.
    mutating func next(now: UInt64) -> (batch: Batch, trigger: Trigger)? {
        if let retryAt, now < retryAt { return nil }
        retryAt = nil
        if !refused.isEmpty {
            let batch = refused.removeFirst()
            refusedCount -= batch.itemCount
            return (batch, .retry)
        }
        guard pendingCount > 0 else { return nil }
        if pendingCount >= config.sendBatchSize { return (cut(now), .size) }
        if isClosed { return (cut(now), .timeout) }
        if let flushAt, flushAt <= now { return (cut(now), .timeout) }
        return nil
    }

    /// Downstream took a batch: the way is free.
    mutating func wasTaken() {
        failures = 0
        retryAt = nil
    }

    /// Downstream refused a batch for now: it is kept, and nothing is sent for a while.
    mutating func wasRefused(_ batch: Batch, after delay: Duration?, now: UInt64) {
        refused.append(batch)
        refusedCount += batch.itemCount
        let backOff = min(5_000_000_000, 100_000_000 << min(failures, 6)) as UInt64
        failures += 1
        retryAt = now &+ max(backOff, min(delay?.nanoseconds ?? 0, 30_000_000_000))
    }

    /// From now on nothing is taken in, and what is pending does not wait for more.
    mutating func close() { isClosed = true }

    /// Gives up everything; returns what was held.
    mutating func discard() -> [Batch] {
        let held = refused + [Batch(signal: signal, segments: pending)]
        pending = []
        refused = []
        pendingCount = 0
        refusedCount = 0
        return held
    }

    /// The pending items, or as many of them as a batch may have.
    private mutating func cut(_ now: UInt64) -> Batch {
        guard let limit = config.sendBatchMaxSize, pendingCount > limit else {
            defer {
                pending = []
                pendingCount = 0
                flushAt = nil
            }
            return Batch(signal: signal, segments: pending)
        }
        var taken: [Segment] = []
        var count = 0
        var rest = pending[...]
        while let segment = rest.first, count < limit {
            if count + segment.itemCount <= limit {
                taken.append(segment)
                count += segment.itemCount
                rest = rest.dropFirst()
            } else if let (head, tail) = segment.split(after: limit - count) {
                taken.append(head)
                count = limit
                rest[rest.startIndex] = tail
            } else {
                // Cannot be split: goes alone.
                if taken.isEmpty {
                    taken.append(segment)
                    count = segment.itemCount
                    rest = rest.dropFirst()
                }
                break
            }
        }
        pending = Array(rest)
        pendingCount -= count
        flushAt = pending.isEmpty ? nil : now &+ config.timeout.nanoseconds
        return Batch(signal: signal, segments: taken)
    }
}
