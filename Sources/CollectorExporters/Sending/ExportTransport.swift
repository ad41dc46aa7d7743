import CollectorCore
import CollectorTransport
import NIOCore

/// One request on its way to a backend.
struct ExportRequest: Sendable {
    var signal: Signal
    /// The message, in pieces that are written one after the other.
    var body: [ByteBuffer]
    /// Whether the pieces are a gzip stream.
    var isCompressed: Bool
}

/// The protocol half of an exporter: sends one request and tells how it went.
protocol ExportTransport: Sendable {
    /// Sends once, no retries. `done` is called once, from any thread, with what the backend took the request without.
    func send(_ request: ExportRequest, done: @escaping @Sendable (Result<PartialSuccess?, DeliveryError>) -> Void)

    /// Closes connections; the future succeeds when all are closed, which takes as long as requests are under way.
    func close() -> EventLoopFuture<Void>
}

extension ExportTransport {
    /// Closes connections, waiting no longer than `limit` for requests under way.
    func close(within limit: Duration, _ clock: any CollectorClock) async {
        let closed = Completion()
        let timer = clock.schedule(after: limit) { closed.fulfil(.success(nil)) }
        close().whenComplete { _ in closed.fulfil(.success(nil)) }
        await withCheckedContinuation { continuation in closed.whenFulfilled { _ in continuation.resume() } }
        timer.cancel()
    }
}
