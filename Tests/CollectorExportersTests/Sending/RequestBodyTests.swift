import CollectorCore
import CollectorTestKit
import CollectorTransport
import NIOCore
import OTLPWire
import Synchronization
import Testing

@testable import CollectorExporters

@Suite struct RequestBodyTests {
    /// A batch of one request as a client compressed it; `gzipped` need not be gzip to be recognised.
    private func gzippedBatch(_ ids: ClosedRange<UInt64>) throws -> Batch {
        var batch = try Batch.numbered(ids)
        for index in batch.segments.indices { batch.segments[index].gzipped = ByteBuffer(string: "as it came") }
        return batch
    }

    /// The batch without its first span.
    private func withoutFirst(_ batch: Batch) -> Batch {
        let segments = batch.segments.map { segment -> Segment in
            guard case .traces(let index) = segment.index, let first = index.spans.first,
                let kept = index.filtered({ $0.spanID != first.spanID })
            else { return segment }
            return segment.reindexed(kept)
        }
        return Batch(signal: .traces, segments: segments)
    }

    private func body(of batch: Batch, _ compression: ExportCompression) throws -> ExportRequest {
        let made = Mutex<Result<ExportRequest, DeliveryError>?>(nil)
        BodyCompressor(compression, level: 1, InlineWorkers()).body(of: batch) { result in
            made.withLock { $0 = result }
        }
        return try #require(made.withLock { $0 }).get()
    }

    @Test func `a whole request alone goes out as the client compressed it`() throws {
        let request = try body(of: gzippedBatch(1...3), .gzip)
        #expect(request.isCompressed)
        #expect(request.body == [ByteBuffer(string: "as it came")])
    }

    @Test func `several requests are compressed anew`() throws {
        let batch = Batch(signal: .traces, segments: try gzippedBatch(1...3).segments + gzippedBatch(4...4).segments)
        let request = try body(of: batch, .gzip)
        #expect(request.isCompressed)
        #expect(request.spanIDs == [1, 2, 3, 4])
    }

    @Test func `a request that lost spans is compressed anew`() throws {
        let request = try body(of: withoutFirst(gzippedBatch(1...3)), .gzip)
        #expect(request.isCompressed)
        #expect(request.spanIDs == [2, 3])
    }

    @Test func `without compression the bytes that came in go out, one piece for each request`() throws {
        let batch = try Batch.merged(1...3, 4...4)
        let request = try body(of: batch, .none)
        #expect(!request.isCompressed)
        #expect(request.body == batch.segments.map(\.body))
        #expect(try body(of: gzippedBatch(1...3), .none).spanIDs == [1, 2, 3])
    }

    @Test func `a request of which nothing is left is not sent along`() throws {
        let batch = Batch(
            signal: .traces, segments: try withoutFirst(.numbered(1...1)).segments + Batch.numbered(2...2).segments)
        #expect(try body(of: batch, .none).body.count == 1)
    }
}
