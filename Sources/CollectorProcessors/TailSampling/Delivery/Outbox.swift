// Kept spans on their way downstream. What is accepted at once never stands here; what is refused for now waits and is
// tried again, in order, with growing delays. While more than `limit` bytes wait, the sampler lets traces rest in its
// window and refuses new ones, so nothing is lost: only what is still here when a shutdown's time is over, or what
// downstream refuses for good, is dropped and counted.

import CollectorCore
import OTLPWire
import Synchronization

final class Outbox: Sendable {
    private struct State {
        private(set) var waiting: [Batch] = []
        /// Items that only the outbox has.
        private(set) var waitingItems = 0
        private var waitingBytes = 0
        /// Taken by downstream without its final word yet: its items to answer for, but the bytes are still in memory.
        private(set) var pendingBatches = 0
        private var pendingBytes = 0
        var failures = 0
        /// Whether the first of `waiting` is being tried, or a timer for that is set.
        var isTrying = false
        var wasFull = false
        var isClosed = false
        var onEmpty: (@Sendable () -> Void)?

        var heldBytes: Int { waitingBytes + pendingBytes }
        var isEmpty: Bool { waiting.isEmpty && pendingBatches == 0 }

        mutating func append(_ batch: Batch) {
            waiting.append(batch)
            waitingItems += batch.itemCount
            waitingBytes += batch.byteCount
        }

        mutating func putBack(_ batch: Batch) {
            waiting.insert(batch, at: 0)
            waitingItems += batch.itemCount
            waitingBytes += batch.byteCount
        }

        mutating func takeFirst() -> Batch? {
            guard let first = waiting.first else { return nil }
            waiting.removeFirst()
            waitingItems -= first.itemCount
            waitingBytes -= first.byteCount
            return first
        }

        /// The first batch to try; without one nobody is trying any more. Both at once: a batch that comes in between
        /// would wait for someone who has gone.
        mutating func takeNext() -> Batch? {
            let next = takeFirst()
            if next == nil { isTrying = false }
            return next
        }

        mutating func beginWait(for batch: Batch) {
            pendingBatches += 1
            pendingBytes += batch.byteCount
        }

        mutating func endWait(for batch: Batch) {
            pendingBatches -= 1
            pendingBytes -= batch.byteCount
        }
    }

    private static let shortestDelay: UInt64 = 100_000_000
    private static let longestDelay: UInt64 = 5_000_000_000

    private let context: ComponentContext
    private let next: any Consumer
    private let limit: Int
    private let refusedDownstream: Counter
    private let givenUpDownstream: Counter
    private let leftAtShutdown: Counter
    private let state = Mutex(State())
    /// Called when there is room again after the outbox was full.
    private let onRoom: @Sendable () -> Void

    init(_ context: ComponentContext, next: any Consumer, limit: Int, onRoom: @escaping @Sendable () -> Void) {
        self.context = context
        self.next = next
        self.limit = limit
        self.onRoom = onRoom
        refusedDownstream = context.account.dropped(context.id.description, "refused downstream")
        givenUpDownstream = context.account.dropped(context.id.description, "given up by the exporter")
        leftAtShutdown = context.account.dropped(context.id.description, "undelivered at shutdown")
    }

    var isFull: Bool {
        state.withLock { state in
            let isFull = state.heldBytes >= limit
            if isFull { state.wasFull = true }
            return isFull
        }
    }

    var heldItems: Int { state.withLock { $0.waitingItems } }

    /// Sends the batch, behind those that wait.
    func send(_ batch: Batch) {
        guard !batch.isEmpty else { return }
        let mustWait = state.withLock { state in
            guard !state.waiting.isEmpty || state.isTrying, !state.isClosed else { return false }
            state.append(batch)
            return true
        }
        if mustWait { return }
        if let delay = deliver(batch) { retry(batch, after: delay) }
    }

    /// Delivers what waits until `deadline`, then drops the rest.
    func close(deadline: UInt64) async {
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            let once = Completion()
            once.whenFulfilled { _ in continuation.resume() }
            let isEmpty = state.withLock { state in
                state.onEmpty = { once.fulfil(.success(nil)) }
                return state.isEmpty
            }
            if isEmpty {
                once.fulfil(.success(nil))
            } else {
                context.clock.schedule(at: deadline) { once.fulfil(.success(nil)) }
                tryAgain()
            }
        }
        let left = state.withLock { state in
            state.isClosed = true
            state.onEmpty = nil
            var left: [Batch] = []
            while let batch = state.takeFirst() { left.append(batch) }
            return left
        }
        for batch in left { drop(batch, leftAtShutdown) }
    }

    // MARK: Delivery

    /// Hands the batch to the next component; returns the delay to try again after when it was refused for now.
    private func deliver(_ batch: Batch) -> UInt64? {
        do {
            switch try context.account.whileInside(
                batch.itemCount, { () throws(DeliveryError) in try next.consume(batch) })
            {
            case .done(let refused): refusedDownstream.add(refused?.count ?? 0)
            case .pending(let completion): wait(for: completion, batch)
            }
            return nil
        } catch {
            return settle(error, batch)
        }
    }

    /// What becomes of a batch that was refused; the delay to try again after, if it is to be.
    private func settle(_ error: DeliveryError, _ batch: Batch) -> UInt64? {
        if error.isRetryable { return error.retryAfter?.nanoseconds ?? backoff() }
        let traces = error.code == .invalidArgument ? batch.splitByTrace() : []
        if traces.count > 1 {
            // One sender's mistake must not cost the traces of the others: each is tried alone, once.
            for trace in traces { send(trace) }
        } else {
            context.log.warn("\(batch.itemCount) kept spans were refused for good and are dropped: \(error)")
            drop(batch, refusedDownstream)
        }
        return nil
    }

    /// Books the final word on a batch that downstream took. A failure means that the exporter has ended its own
    /// retries and has recorded what became of the traces, so sending again would only deliver twice.
    private func wait(for completion: Completion, _ batch: Batch) {
        state.withLock { $0.beginWait(for: batch) }
        completion.whenFulfilled { [self] outcome in
            state.withLock { $0.endWait(for: batch) }
            switch outcome {
            case .success(let refused): refusedDownstream.add(refused?.count ?? 0)
            case .failure(let error):
                givenUpDownstream.add(batch.itemCount)
                context.log.warn("\(batch.itemCount) kept spans were given up by the exporter: \(error)")
            }
            announceRoom()
        }
    }

    private func backoff() -> UInt64 {
        state.withLock { state in
            defer { state.failures = min(16, state.failures + 1) }
            return min(Self.longestDelay, Self.shortestDelay << UInt64(state.failures))
        }
    }

    private func drop(_ batch: Batch, _ counter: Counter) {
        counter.add(batch.itemCount)
        context.verdicts.record(batch.traceIDs, .lost)
    }

    // MARK: Trying again

    private func retry(_ batch: Batch, after delay: UInt64) {
        let outcome = state.withLock { state -> (isDropped: Bool, isFirst: Bool) in
            if state.isClosed { return (true, false) }
            state.putBack(batch)
            defer { state.isTrying = true }
            return (false, !state.isTrying)
        }
        if outcome.isDropped { drop(batch, leftAtShutdown) }
        if outcome.isFirst { schedule(after: delay) }
    }

    private func schedule(after delay: UInt64) {
        context.clock.schedule(at: context.clock.now() &+ delay) { [self] in
            context.workers.run { [self] in tryAgain() }
        }
    }

    private func tryAgain() {
        while let batch = state.withLock({ $0.takeNext() }) {
            if let delay = deliver(batch) {
                let isClosed = state.withLock { state in
                    if !state.isClosed { state.putBack(batch) }
                    state.isTrying = true
                    return state.isClosed
                }
                if isClosed { drop(batch, leftAtShutdown) } else { schedule(after: delay) }
                return
            }
            state.withLock { $0.failures = 0 }
            announceRoom()
        }
        announceRoom()
    }

    private func announceRoom() {
        let (hasRoom, onEmpty) = state.withLock { state in
            let hasRoom = state.wasFull && state.heldBytes < limit
            if hasRoom { state.wasFull = false }
            return (hasRoom, state.isEmpty ? state.onEmpty : nil)
        }
        if hasRoom { onRoom() }
        onEmpty?()
    }
}
