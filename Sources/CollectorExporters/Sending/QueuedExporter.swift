// Queue, retries and books of the exporters that send requests to a backend.
//
//     consume ─▶ queue ─▶ at most num_consumers deliveries ─▶ transport ─▶ done
//                              ▲        │ retryable                         │ permanent
//                              └─ wait ─┘                                   └─▶ once more per source segment
//
// Everything runs on the thread that brings the event: a batch that finds a free consumer is sent from the event loop it
// arrived on. Compression runs on a worker thread. Each destination has its own queue, so a dead one delays nobody else
// (conformance 93).

import CollectorCore
import CollectorTransport
import NIOCore
import OTLPWire
import Synchronization

/// An exporter that queues batches and sends them over an `ExportTransport`.
final class QueuedExporter: ConsumingComponent {
    struct Settings: Sendable {
        var queue = SendingQueueConfig()
        var retry = RetryPolicy()
        var compression = ExportCompression.gzip
        /// zlib's level for bodies that are not forwarded as they came.
        var compressionLevel = 1
    }

    /// What waits in the queue.
    private struct Item: Sendable {
        var batch: Batch
        /// Fulfilled when the delivery has ended; for clients that wait for it or for room in the queue.
        var result: Completion?
    }

    private let settings: Settings
    private let context: ComponentContext
    private let transport: any ExportTransport
    private let books: ExporterBooks
    private let compressor: BodyCompressor
    private let queue: Mutex<SendingQueueState<Item>>
    /// What is being sent.
    private let deliveries = Mutex<[ObjectIdentifier: Delivery]>([:])
    /// Nanoseconds of the clock after which nothing is tried again; 0 until shutdown.
    private let deadline = Atomic<UInt64>(0)
    private let drained = Mutex<(@Sendable () -> Void)?>(nil)

    init(_ settings: Settings, signal: Signal, _ context: ComponentContext, _ transport: any ExportTransport) {
        self.settings = settings
        self.context = context
        self.transport = transport
        books = ExporterBooks(signal: signal, context)
        compressor = BodyCompressor(settings.compression, level: settings.compressionLevel, context.workers)
        queue = Mutex(
            SendingQueueState(
                capacity: settings.queue.isEnabled ? settings.queue.size : Int.max,
                consumers: settings.queue.isEnabled ? settings.queue.consumers : Int.max))
        context.account.addHolder { [weak self] in self?.queue.withLock { $0.heldItems } ?? 0 }
        books.observeQueue(capacity: settings.queue.size) { [weak self] in
            self?.queue.withLock { (size: $0.size, inFlight: $0.inFlight) } ?? (0, 0)
        }
    }

    func start() async throws(ComponentError) {}

    // MARK: - Taking batches

    func admit(_ batch: Batch) throws(DeliveryError) -> any Admission {
        let size = settings.queue.size(of: batch)
        if deadline.load(ordering: .relaxed) > 0 {
            books.enqueueFailed.add(batch.itemCount)
            throw .retryable("exporter \(context.id) is shutting down")
        }
        if queue.withLock({ $0.reserve(size) }) {
            return ClosureAdmission {
                self.enter(batch, size: size)
            } withdraw: {
                self.queue.withLock { $0.releaseReservation(size) }
                self.pump()
            }
        }
        guard settings.queue.blocksOnOverflow else {
            books.enqueueFailed.add(batch.itemCount)
            throw .retryable("the sending queue of exporter \(context.id) is full", after: .seconds(1))
        }
        return ClosureAdmission { self.enterOverflow(batch, size: size) }
    }

    private func enter(_ batch: Batch, size: Int) -> Acceptance {
        let waits = !settings.queue.isEnabled || settings.queue.waitsForResult
        let result = waits ? Completion() : nil
        queue.withLock {
            $0.enterReserved(.init(element: Item(batch: batch, result: result), size: size, items: batch.itemCount))
        }
        pump()
        return result.map { .pending($0) } ?? .done()
    }

    private func enterOverflow(_ batch: Batch, size: Int) -> Acceptance {
        let entered = Completion()
        let onEnter: (@Sendable () -> Void)? =
            settings.queue.waitsForResult ? nil : { @Sendable in entered.fulfil(.success(nil)) }
        queue.withLock {
            $0.enterOverflow(
                .init(
                    element: Item(batch: batch, result: entered), size: size, items: batch.itemCount, onEnter: onEnter))
        }
        pump()
        return .pending(entered)
    }

    // MARK: - Sending

    /// Sends as long as there is something to send and a consumer free.
    private func pump() {
        while true {
            var entered: [@Sendable () -> Void] = []
            let entry = queue.withLock { $0.next(entered: &entered) }
            for call in entered { call() }
            guard let entry else { break }
            deliver(entry.element)
        }
    }

    private func deliver(_ item: Item) {
        let delivery = Delivery(
            batch: item.batch, policy: settings.retry, transport: transport, compressor: compressor,
            clock: context.clock, books: books,
            settled: { [weak self] items in self?.queue.withLock { $0.settle(items: items) } }
        ) { [weak self] in self?.deadline.load(ordering: .relaxed) ?? 1 }
        deliveries.withLock { $0[ObjectIdentifier(delivery)] = delivery }
        delivery.start { [weak self] outcome in
            item.result?.fulfil(outcome)
            self?.finish(delivery)
        }
    }

    private func finish(_ delivery: Delivery) {
        deliveries.withLock { _ = $0.removeValue(forKey: ObjectIdentifier(delivery)) }
        queue.withLock { $0.finish() }
        pump()
        signalIfDrained()
    }

    // MARK: - Shutdown

    func shutdown(deadline: UInt64) async {
        self.deadline.store(max(1, deadline), ordering: .relaxed)
        let timer = context.clock.schedule(at: deadline) { [weak self] in self?.giveUpWaiting() }
        await withCheckedContinuation { continuation in
            drained.withLock { $0 = { continuation.resume() } }
            signalIfDrained()
        }
        timer.cancel()
        await transport.close(within: .seconds(1), context.clock)
    }

    private func signalIfDrained() {
        guard queue.withLock({ $0.isIdle }) else { return }
        drained.withLock { waiter in
            defer { waiter = nil }
            return waiter
        }?()
    }

    /// The time is up: what waits and what is on its way is dropped and counted.
    private func giveUpWaiting() {
        for entry in queue.withLock({ $0.removeAllWaiting() }) {
            let error = DeliveryError.retryable("not delivered before shutdown")
            books.drop(entry.element.batch, .shutdown, error)
            entry.element.result?.fulfil(.failure(error))
        }
        for delivery in deliveries.withLock({ Array($0.values) }) { delivery.abandon() }
    }
}
