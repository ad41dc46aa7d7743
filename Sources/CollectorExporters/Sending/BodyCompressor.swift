import CollectorCore
import CollectorTransport
import NIOCore

/// Makes the body of a request: as it came, written anew, or compressed on a worker thread.
struct BodyCompressor: Sendable {
    /// Up to this size compressing costs less than waking a worker thread.
    private static let largestInline = 4 << 10

    private let compression: ExportCompression
    private let level: Int
    private let workers: any WorkerPool

    init(_ compression: ExportCompression, level: Int, _ workers: any WorkerPool) {
        self.compression = compression
        self.level = level
        self.workers = workers
    }

    /// Calls `done` once with the request, on this thread when nothing has to be compressed.
    func body(of batch: Batch, _ done: @escaping @Sendable (Result<ExportRequest, DeliveryError>) -> Void) {
        if compression == .gzip, let untouched = batch.untouchedGzip {
            done(.success(ExportRequest(signal: batch.signal, body: [untouched], isCompressed: true)))
            return
        }
        let pieces: [ByteBuffer]
        do {
            pieces = try batch.messagePieces()
        } catch {
            done(.failure(error))
            return
        }
        guard compression == .gzip else {
            done(.success(ExportRequest(signal: batch.signal, body: pieces, isCompressed: false)))
            return
        }
        let size = pieces.reduce(0) { $0 + $1.readableBytes }
        if size <= Self.largestInline {
            done(.success(compressed(pieces, batch.signal)))
        } else {
            workers.run { done(.success(compressed(pieces, batch.signal))) }
        }
    }

    /// Uncompressed when zlib cannot get its memory: the data matters more than its size.
    private func compressed(_ pieces: [ByteBuffer], _ signal: Signal) -> ExportRequest {
        guard let body = Deflater.gzip(pieces, level: level) else {
            return ExportRequest(signal: signal, body: pieces, isCompressed: false)
        }
        return ExportRequest(signal: signal, body: [body], isCompressed: true)
    }
}
