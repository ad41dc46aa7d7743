import CollectorCore
import CollectorTransport
import OTLPWire
import Synchronization

/// One batch on its way to a backend: attempts, waits between them, and the end.
///
/// When the backend refuses a merged batch for good, its parts are sent on their own (`Division.swift`), and only the
/// refused part is dropped: one sender's poison costs no one else.
final class Delivery: Sendable {
    private let batch: Batch
    private let done = Completion()
    private let policy: RetryPolicy
    private let transport: any ExportTransport
    private let compressor: BodyCompressor
    private let clock: any CollectorClock
    private let books: ExporterBooks
    private let divisions: DivisionBudget
    /// Called with the items whose fate is known, part by part.
    private let settled: @Sendable (Int) -> Void
    /// 0 while the service runs, else the clock's time after which nothing is tried again.
    private let deadline: @Sendable () -> UInt64
    private let state: Mutex<State>

    private struct State {
        var retries: RetryState
        /// Ended: delivered, given up, or taken over by `parts`.
        var isOver = false
        /// What the batch was divided into, after the backend refused them together.
        var parts: [Delivery] = []
    }

    init(
        batch: Batch, policy: RetryPolicy, transport: any ExportTransport, compressor: BodyCompressor,
        clock: any CollectorClock, books: ExporterBooks,
        divisions: DivisionBudget = DivisionBudget(), settled: @escaping @Sendable (Int) -> Void,
        deadline: @escaping @Sendable () -> UInt64
    ) {
        self.batch = batch
        self.policy = policy
        self.transport = transport
        self.compressor = compressor
        self.clock = clock
        self.books = books
        self.divisions = divisions
        self.settled = settled
        self.deadline = deadline
        state = Mutex(State(retries: RetryState(now: clock.now())))
    }

    /// Delivers the batch or counts it as dropped; `done` is called once with what the sender should hear.
    func start(_ done: @escaping @Sendable (Completion.Outcome) -> Void) {
        self.done.whenFulfilled(done)
        compressor.body(of: batch) { body in
            switch body {
            case .success(let request): self.attempt(request)
            case .failure(let error): self.giveUp(error, .permanent)
            }
        }
    }

    /// Ends the delivery now, whatever is on its way: there is no time left.
    func abandon() {
        for part in state.withLock({ $0.parts }) { part.abandon() }
        giveUp(.retryable("not delivered before shutdown"), .shutdown)
    }

    private func attempt(_ request: ExportRequest) {
        guard !state.withLock({ $0.isOver }) else { return }
        transport.send(request) { result in
            switch result {
            case .success(let partial):
                guard self.end() else { return }
                self.books.delivered(self.batch, partial)
                self.settled(self.batch.itemCount)
                self.done.fulfil(.success(self.refusal(partial)))
            case .failure(let error) where error.isRetryable: self.retry(request, error)
            case .failure(let error): self.refused(error)
            }
        }
    }

    /// What the sender is told of a partial success: no backend can refuse more than there was.
    private func refusal(_ partial: PartialSuccess?) -> Refusal? {
        guard let partial, partial.rejected > 0 else { return nil }
        return Refusal(count: Int(min(partial.rejected, Int64(batch.itemCount))), reason: partial.message)
    }

    private func retry(_ request: ExportRequest, _ error: DeliveryError) {
        let now = clock.now()
        let delay = state.withLock {
            $0.retries.nextDelay(policy, asked: error.retryAfter, now: now, random: Double.random(in: 0..<1))
        }
        guard let delay else { return giveUp(error, .retriesExhausted) }
        let end = deadline()
        if end > 0, now &+ delay.nanoseconds >= end { return giveUp(error, .shutdown) }
        books.willRetry(error, delay)
        clock.schedule(after: delay) { self.attempt(request) }
    }

    /// The backend will not have these bytes.
    private func refused(_ error: DeliveryError) {
        let divided = error.isAboutTheData ? batch.divided() : []
        // Segments are as many as were merged; halves could go on for as long as there are traces.
        guard !divided.isEmpty, batch.segments.count > 1 || divisions.take(divided.count) else {
            return giveUp(error, .permanent)
        }
        let parts = divided.map { part in
            Delivery(
                batch: part, policy: policy, transport: transport, compressor: compressor, clock: clock, books: books,
                divisions: divisions, settled: settled, deadline: deadline)
        }
        let isTakenOver = state.withLock { state -> Bool in
            guard !state.isOver else { return false }
            state.isOver = true
            state.parts = parts
            return true
        }
        guard isTakenOver else { return }
        Completion.all(parts.map(\.done), refused: nil, combine: Refusal.joined).whenFulfilled { self.done.fulfil($0) }
        for part in parts { part.start { _ in } }
    }

    private func giveUp(_ error: DeliveryError, _ reason: ExporterBooks.DropReason) {
        guard end() else { return }
        books.drop(batch, reason, error)
        settled(batch.itemCount)
        done.fulfil(.failure(error))
    }

    /// Whether the caller is the one that ends the delivery.
    private func end() -> Bool {
        state.withLock { state in
            defer { state.isOver = true }
            return !state.isOver
        }
    }
}

extension DeliveryError {
    /// Whether another part of the same batch might be taken: not when the backend refuses the sender.
    fileprivate var isAboutTheData: Bool {
        switch code {
        case .unauthenticated, .permissionDenied, .unimplemented, .notFound: false
        default: true
        }
    }
}
