import CollectorCore
import NIOCore
import OTLPWire
import Testing

@testable import otlpload

@Suite("Standard bodies")
struct BodyTests {
    private static let wallTime: UInt64 = 1_790_000_000_000_000_000

    private func traces(_ body: StandardBody) throws -> TraceIndex {
        let validation = try validateTraces(body.bytes.readableBytesUInt8Span)
        #expect(validation.refusedCount == 0)
        #expect(!validation.needsCanonicalForm)
        guard case .traces(let index) = validation.index else { throw NotTraces() }
        return index
    }

    private struct NotTraces: Error {}

    @Test(
        "A trace body is valid OTLP with the promised number of spans of the promised size",
        arguments: [100, 1000, 8000])
    func traceShape(spans: Int) throws {
        let body = StandardTraces.body(spans: spans, seed: 1, wallTime: Self.wallTime)
        let index = try traces(body)
        #expect(index.spans.count == spans)
        #expect(body.itemCount == spans)
        #expect(index.spans.allSatisfy { $0.range.count == StandardTraces.spanSize })
        #expect((430...470).contains(body.bytes.readableBytes / spans))
    }

    @Test("Every span has ten attributes")
    func attributes() throws {
        let body = StandardTraces.body(spans: 100, seed: 1, wallTime: Self.wallTime)
        let bytes = body.bytes.readableBytesUInt8Span
        for span in try traces(body).spans {
            var fields = FieldCursor(bytes, span.range)
            var attributes = 0
            while let field = fields.next() {
                if field.number == 9 { attributes += 1 }
            }
            #expect(attributes == 10)
        }
    }

    @Test("Span ids are unique, and ten spans in a row are one trace with one root")
    func ids() throws {
        let spans = try traces(StandardTraces.body(spans: 1000, seed: 7, wallTime: Self.wallTime)).spans
        #expect(Set(spans.map(\.spanID)).count == 1000)
        let ids = stride(from: 0, to: 1000, by: 10).map { first in Set(spans[first..<first + 10].map(\.traceID)) }
        #expect(ids.allSatisfy { $0.count == 1 })
        #expect(Set(ids.flatMap { $0 }).count == 100)
        for first in stride(from: 0, to: 1000, by: 10) {
            #expect(spans[first..<first + 10].filter { !$0.hasParent }.count == 1)
        }
    }

    @Test("About one span in two hundred is an error and as many are slow")
    func errorsAndSlowSpans() throws {
        let spans = try traces(StandardTraces.body(spans: 8000, seed: 3, wallTime: Self.wallTime)).spans
        let errors = spans.count { $0.statusCode == 2 }
        let slow = spans.count { $0.endNanoseconds - $0.startNanoseconds >= 500_000_000 }
        #expect((10...80).contains(errors))
        #expect((10...80).contains(slow))
    }

    @Test("The same seed gives the same bytes, another one others")
    func seeds() {
        let body = StandardTraces.body(spans: 100, seed: 1, wallTime: Self.wallTime)
        #expect(body.bytes == StandardTraces.body(spans: 100, seed: 1, wallTime: Self.wallTime).bytes)
        #expect(body.bytes != StandardTraces.body(spans: 100, seed: 2, wallTime: Self.wallTime).bytes)
    }

    @Test("A refreshed trace body has new trace ids, ten spans each, and is otherwise the same")
    func refreshTraces() throws {
        var body = StandardTraces.body(spans: 100, seed: 1, wallTime: Self.wallTime)
        let before = try traces(body)
        var random = SplitMix64(seed: 99)
        body.refresh(using: &random, wallTime: 0)
        let after = try traces(body)
        #expect(Set(after.spans.map(\.traceID)).count == 10)
        #expect(Set(after.spans.map(\.traceID)).isDisjoint(with: before.spans.map(\.traceID)))
        #expect(after.spans.map(\.spanID) == before.spans.map(\.spanID))
        #expect(after.spans.map(\.range) == before.spans.map(\.range))
        #expect(after.spans[0].traceID == after.spans[9].traceID)
        #expect(after.spans[9].traceID != after.spans[10].traceID)
    }

    @Test("As many spans as asked for have one trace id, also after a refresh", arguments: [1, 3, 50])
    func spansPerTrace(count: Int) throws {
        var body = StandardTraces.body(
            spans: 100, seed: 1, wallTime: Self.wallTime, shape: StandardTraces.Shape(spansPerTrace: count))
        var random = SplitMix64(seed: 99)
        for _ in 0..<2 {
            let spans = try traces(body).spans
            let traces = Dictionary(grouping: spans, by: \.traceID).values
            #expect(traces.count == (100 + count - 1) / count)
            #expect(traces.count { $0.count == count } == 100 / count)
            body.refresh(using: &random, wallTime: Self.wallTime)
        }
    }

    @Test("Churning labels are others in every request, which stays as long and valid as it was")
    func churn() throws {
        let shape = StandardTraces.Shape(churns: true)
        var body = StandardTraces.body(spans: 100, seed: 1, wallTime: Self.wallTime, shape: shape)
        var random = SplitMix64(seed: 99)
        var services: Set<[UInt8]> = []
        var spanTexts: Set<[UInt8]> = []
        for _ in 0..<3 {
            body.refresh(using: &random, wallTime: Self.wallTime)
            let index = try traces(body)
            #expect(index.spans.count == 100)
            #expect(index.spans.allSatisfy { $0.range.count == StandardTraces.spanSize })
            let bytes = Array(body.bytes.readableBytesView)
            services.insert(Array(bytes[index.resources[0].head.range]))
            for offset in body.churn {
                let text = Array(bytes[offset..<offset + 8])
                #expect(text.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) })
                spanTexts.insert(text)
            }
        }
        #expect(body.churn.count == 201)
        #expect(services.count == 3)
        #expect(spanTexts.count > 595)
    }

    @Test("Refreshing a body leaves a request that is under way as it was")
    func refreshIsNotSeenThroughOtherReferences() throws {
        var body = StandardTraces.body(spans: 10, seed: 1, wallTime: Self.wallTime)
        let sent = body.bytes
        let before = ByteBuffer(bytes: Array(sent.readableBytesView))
        var random = SplitMix64(seed: 99)
        body.refresh(using: &random, wallTime: 0)
        #expect(sent == before)
        #expect(body.bytes != before)
    }

    @Test("A metrics body is valid OTLP with the promised number of points, half of them histograms")
    func metrics() throws {
        let body = StandardMetrics.body(points: 1000, seed: 1, wallTime: Self.wallTime)
        let validation = try validateMetrics(body.bytes.readableBytesUInt8Span)
        guard case .metrics(let index) = validation.index else { throw NotTraces() }
        #expect(validation.refusedCount == 0)
        #expect(index.pointCount == 1000)
        let histograms = index.metrics.filter { $0.kind == .histogram }.reduce(0) { $0 + Int($1.pointCount) }
        let sums = index.metrics.filter { $0.kind == .sum }.reduce(0) { $0 + Int($1.pointCount) }
        #expect(histograms == 500)
        #expect(sums == 500)
    }

    @Test("A refreshed metrics body says the new time in every point and nothing else changes")
    func refreshMetrics() throws {
        var body = StandardMetrics.body(points: 40, seed: 1, wallTime: Self.wallTime)
        var random = SplitMix64(seed: 1)
        body.refresh(using: &random, wallTime: Self.wallTime + 5)
        let whole = StandardMetrics.body(points: 40, seed: 1, wallTime: Self.wallTime + 5)
        let old = StandardMetrics.body(points: 40, seed: 1, wallTime: Self.wallTime)
        guard case .times(let offsets) = body.stamps else { throw NotTraces() }
        #expect(offsets.count == 40)
        for offset in offsets {
            #expect(whole.bytes.getInteger(at: offset, endianness: .little, as: UInt64.self) == Self.wallTime + 5)
            #expect(body.bytes.getInteger(at: offset, endianness: .little, as: UInt64.self) == Self.wallTime + 5)
        }
        body.refresh(using: &random, wallTime: Self.wallTime)
        #expect(body.bytes == old.bytes)
    }
}
