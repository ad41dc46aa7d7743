// How connectors hand on the metrics they make. Cumulative points need no care: what downstream refuses is said again by
// the next ones. Delta points are said once, so they are kept until they are taken, and no new ones are cut meanwhile.

import CollectorCore
import NIOCore
import OTLPWire
import Synchronization

/// Sends the requests a connector writes to the metrics pipelines it begins.
final class MetricsSender: Sendable {
    private struct State {
        /// Delta points that downstream refused for now, oldest first.
        var unsent: [Batch] = []
        /// Whether the last request was taken.
        var isTaken = true
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

    /// Tries again what was refused; false when it still is.
    func sendUnsent() -> Bool {
        while let batch = state.withLock({ $0.unsent.first }) {
            guard deliver(batch) else { return false }
            state.withLock { if !$0.unsent.isEmpty { $0.unsent.removeFirst() } }
        }
        return true
    }

    /// Sends a request.
    ///
    /// - Parameter isDelta: keeps it when downstream refuses it for now.
    /// - Returns: false when downstream refused it for now.
    @discardableResult
    func send(_ request: [UInt8], isDelta: Bool) -> Bool {
        guard let batch = batch(request) else { return true }
        if state.withLock({ $0.unsent.isEmpty }), deliver(batch) { return true }
        if isDelta { state.withLock { $0.unsent.append(batch) } }
        return false
    }

    /// Calls `flush` until all it sends is taken, or the deadline has come.
    func drain(_ clock: any CollectorClock, until deadline: UInt64, _ flush: @Sendable () -> Void) async {
        flush()
        while !state.withLock({ $0.isTaken && $0.unsent.isEmpty }), clock.now() < deadline {
            await withCheckedContinuation { continuation in
                clock.schedule(at: min(clock.now() &+ Self.retryInterval, deadline)) { continuation.resume() }
            }
            flush()
        }
        let lost = state.withLock { state in
            defer { state.unsent = [] }
            return state.unsent.reduce(0) { $0 + $1.itemCount }
        }
        if lost > 0 { log.error("\(lost) data points are lost: downstream refused them until the end of the shutdown") }
    }

    private static let retryInterval: UInt64 = 200_000_000

    private func batch(_ request: [UInt8]) -> Batch? {
        let validation: Validation
        do {
            validation = try validateMetrics(request.span)
        } catch {
            log.error("a request of metrics could not be sent: \(error)")
            return nil
        }
        // Without room it goes uncharged rather than not at all: it is small, and soon gone.
        let reservation = try? budget.reserve(request.count)
        let segment = Segment(body: ByteBuffer(bytes: request), index: validation.index, reservation: reservation)
        return Batch(signal: .metrics, segments: [segment])
    }

    /// True when there is no point in sending the batch again.
    private func deliver(_ batch: Batch) -> Bool {
        do {
            _ = try next.consume(batch)
            state.withLock { $0.isTaken = true }
            return true
        } catch {
            failures.add()
            state.withLock { $0.isTaken = !error.isRetryable }
            if error.isRetryable { return false }
            log.error("downstream refused \(batch.itemCount) data points: \(error)")
            return true
        }
    }
}
