import CollectorCore
import CollectorTestKit
import OTLPWire
import Testing

@testable import CollectorConnectors

/// What is read and not counted yet is not charged to anybody: it stays small, whatever senders send.
@Suite struct SpanReaderTests {
    private struct Pieces {
        var largest = 0
        var seen = 0
        var spans = 0
        var counts: SpanCounts
    }

    private func read(_ section: TestConfig, _ request: [UInt8]) throws -> Pieces {
        let (config, problems) = SpanMetricsFactory().read(section)
        try #require(problems == [])
        let counts = SpanCounts(config, room: SeriesRoom(TestContext(budgetBytes: 1 << 30).budget))
        var reader = counts.reader(seed: 1)
        var pieces = Pieces(counts: counts)
        let batch = try Batch(signal: .traces, requests: request)
        for segment in batch.segments {
            guard case .traces(let index) = segment.index else { continue }
            let bytes = segment.body.readableBytesUInt8Span
            reader.read(index, bytes) { reader in
                pieces.largest = max(pieces.largest, reader.seen.count)
                pieces.seen += reader.seen.count
                pieces.spans += reader.spanCount
                pieces.counts.count(&reader, index, bytes, now: 1, time: 1)
            }
        }
        return pieces
    }

    private func total(_ pieces: Pieces, _ metric: String) throws -> UInt64 {
        var counts = pieces.counts
        return try Batch(signal: .metrics, requests: counts.request(counts.places()[...], time: 2)).points()
            .filter { $0.metric == "traces.span.metrics.\(metric)" }.reduce(0) { $0 + $1.count }
    }

    @Test func `a span of very many events is handed over in pieces, and each event is counted once`() throws {
        let request = ProtobufMessage { request in
            request.message(1) { group in
                group.message(2) { scope in
                    for number in UInt64(1)...2 {
                        scope.message(2) { span in
                            span.bytes(1, bigEndian(1) + bigEndian(2))
                            span.bytes(2, bigEndian(number))
                            span.string(5, String(repeating: "long ", count: 200))
                            for event in 0..<5000 {
                                span.message(11) { $0.attributes(3, ["kind": .string("\(event % 3)")]) }
                            }
                        }
                    }
                }
            }
        }
        let events: TestConfig = ["enabled": true, "dimensions": [["name": "kind"]]]
        let pieces = try read(["events": events], request.bytes)
        #expect(pieces.largest <= 256 && pieces.seen == 10_002 && pieces.spans == 2)
        #expect(try total(pieces, "events") == 10_000)
        #expect(try total(pieces, "calls") == 2)
    }

    @Test func `spans with long values are handed over one by one`() throws {
        let spans = (1...20 as ClosedRange<UInt64>).map { number in
            TestSpan(.test(number), spanID: number, name: String(repeating: "x", count: 100_000))
        }
        let pieces = try read([:], tracesRequest(spans))
        #expect(pieces.largest == 1 && pieces.spans == 20)
        #expect(try total(pieces, "calls") == 20)
    }
}
