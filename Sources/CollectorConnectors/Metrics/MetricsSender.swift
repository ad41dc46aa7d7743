// How connectors hand on the metrics they make. Cumulative points need no care: what downstream refuses is said again by
// the next ones. Delta points are said once, so they are kept until they are taken, which an exporter without a queue says
// only when its backend has answered; no new ones are cut meanwhile, so they go out in order and one request is kept at
// most. Behind a fan-out of which one branch failed the others get it a second time, with the same times as the first.

import CollectorCore
import NIOCore
import OTLPWire
import Synchronization

/// Sends the requests a connector writes to the metrics pipelines it begins.
final class MetricsSender: Sendable {
    /// What became of a request.
    enum Outcome: Sendable {
        /// It need not be sent again: it was taken, or there is no point in it.
        case done
        /// Downstream refused it for now.
        case refused
        /// Known later: a success is `done`.
        case pending(Completion)
    }

    private struct State {
        /// Delta points that are not taken yet.
        var unsent: Batch?
        /// Whether downstream has `unsent` and the final word about it is to come.
        var isUnsentPending = false
        /// Whether that is being handed over right now: who does it sees what becomes of it.
        var isHanding = false
        /// Requests without a final word.
        var pendingCount = 0
        /// Whether one was refused for now since the drain's last try.
        var hasFailed = false
        var isClosed = false
        /// Fulfilled when no final word is missing any more and nothing was refused.
        var waker: Completion?
    }

    private let next: any Consumer
    private let budget: ByteBudget
    private let log: Log
    private let failures: Counter
    private let state = Mutex(State())

    init(_ context: ComponentContext, type: String, next: any Consumer) {
        self.next = next
        budget = context.budget
        log = context.log
        failures = context.telemetry.counter(
            "otelcol_connector_\(type)_failed_sends", "Requests with metrics that downstream refused",
            [("connector", "\(context.id)")])
    }

    /// Sends cumulative points.
    func send(_ request: [UInt8]) -> Outcome {
        guard let batch = batch(request) else { return .done }
        // It is small and soon gone, so without room it goes uncharged rather than not at all; but not many of them.
        if batch.segments.contains(where: { $0.reservation == nil }), state.withLock({ $0.pendingCount > 0 }) {
            noteFailure()
            return .refused
        }
        return deliver(batch)
    }

    // MARK: Delta points

    /// Sends delta points and keeps them until they are taken; to be called when no others are kept.
    ///
    /// - Parameter onTaken: called when they are taken later, on any thread.
    /// - Returns: true when they are taken.
    func sendDelta(_ request: [UInt8], onTaken: @escaping @Sendable () -> Void) -> Bool {
        guard let batch = batch(request) else { return true }
        state.withLock { $0.unsent = batch }
        return sendUnsent(onTaken: onTaken)
    }

    /// Tries again to send the points that are kept, unless downstream has them; true when there are none any more.
    func sendUnsent(onTaken: @escaping @Sendable () -> Void) -> Bool {
        let batch = state.withLock { state -> Batch? in
            guard let batch = state.unsent, !state.isUnsentPending else { return nil }
            state.isUnsentPending = true
            state.isHanding = true
            return batch
        }
        guard let batch else { return state.withLock { $0.unsent == nil } }
        switch deliver(batch) {
        case .done: _ = settle(isTaken: true)
        case .refused: _ = settle(isTaken: false)
        case .pending(let completion):
            completion.whenFulfilled { [self] outcome in
                let isTaken = if case .success = outcome { true } else { false }
                if settle(isTaken: isTaken), isTaken { onTaken() }
            }
        }
        return state.withLock { state in
            state.isHanding = false
            return state.unsent == nil
        }
    }

    /// The fate of `unsent` is known; true when whoever handed it over does not see that himself.
    private func settle(isTaken: Bool) -> Bool {
        state.withLock { state in
            state.isUnsentPending = false
            if isTaken { state.unsent = nil }
            return !state.isHanding && !state.isClosed
        }
    }

    // MARK: Shutdown

    /// Calls `flush` until all it sends is taken, or the deadline has come.
    ///
    /// - Parameters:
    ///   - uncut: how many delta points there would be of what was counted and never sent.
    ///   - flush: returns whether there is nothing left to send.
    func drain(
        _ clock: any CollectorClock, until deadline: UInt64, uncut: @Sendable () -> Int = { 0 },
        _ flush: @Sendable () -> Bool
    ) async {
        state.withLock { $0.hasFailed = false }
        var isCut = flush()
        while !(isCut && isQuiet), clock.now() < deadline {
            await pause(clock, until: min(clock.now() &+ Self.retryInterval, deadline))
            if isCut && isQuiet || state.withLock({ $0.pendingCount > 0 }) { continue }
            state.withLock { $0.hasFailed = false }
            isCut = flush()
        }
        let unsent = state.withLock { state in
            state.isClosed = true
            defer { state.unsent = nil }
            return state.unsent?.itemCount ?? 0
        }
        let lost = unsent + uncut()
        if lost > 0 {
            log.error("\(lost) data points are lost: downstream did not take them until the end of the shutdown")
        }
    }

    private static let retryInterval: UInt64 = 200_000_000

    /// Whether all that was sent is taken.
    private var isQuiet: Bool {
        state.withLock { $0.unsent == nil && $0.pendingCount == 0 && !$0.hasFailed }
    }

    /// Waits until no final word is missing, or for the time to try again.
    private func pause(_ clock: any CollectorClock, until time: UInt64) async {
        let waker = Completion()
        let isAwake = state.withLock { state in
            state.waker = waker
            return state.pendingCount == 0 && state.unsent == nil && !state.hasFailed
        }
        if isAwake { return }
        let timer = clock.schedule(at: time) { waker.fulfil(.success(nil)) }
        await withCheckedContinuation { continuation in waker.whenFulfilled { _ in continuation.resume() } }
        timer.cancel()
    }

    // MARK: Delivery

    private func batch(_ request: [UInt8]) -> Batch? {
        if request.isEmpty { return nil }
        let validation: Validation
        do {
            validation = try validateMetrics(request.span)
        } catch {
            log.error("a request of metrics could not be sent: \(error)")
            return nil
        }
        let reservation = try? budget.reserve(request.count)
        let segment = Segment(body: ByteBuffer(bytes: request), index: validation.index, reservation: reservation)
        return Batch(signal: .metrics, segments: [segment])
    }

    private func deliver(_ batch: Batch) -> Outcome {
        do {
            guard case .pending(let completion) = try next.consume(batch) else { return .done }
            state.withLock { $0.pendingCount += 1 }
            let known = Completion()
            completion.whenFulfilled { [self] outcome in
                switch outcome {
                case .success: known.fulfil(.success(nil))
                case .failure(let error): known.fulfil(isFinal(error, batch) ? .success(nil) : .failure(error))
                }
                endWait()
            }
            return .pending(known)
        } catch {
            return isFinal(error, batch) ? .done : .refused
        }
    }

    private func endWait() {
        let waker = state.withLock { state -> Completion? in
            state.pendingCount -= 1
            return state.pendingCount == 0 && !state.hasFailed ? state.waker : nil
        }
        waker?.fulfil(.success(nil))
    }

    /// Counts a refusal; true when there is no point in sending the batch again.
    private func isFinal(_ error: DeliveryError, _ batch: Batch) -> Bool {
        guard !error.isRetryable else {
            noteFailure()
            return false
        }
        failures.add()
        log.error("downstream refused \(batch.itemCount) data points: \(error)")
        return true
    }

    private func noteFailure() {
        failures.add()
        state.withLock { $0.hasFailed = true }
    }
}
