import CollectorCore
import CollectorTestKit
import OTLPWire
import Testing

@testable import CollectorProcessors

@Suite struct ExponentialExemplarTests {
    /// Sends an exponential histogram's point and returns the exemplars it came out with.
    private func point(
        _ fixture: ExemplarsFixture, scale: Int = 0, offset: Int = 0, _ counts: [UInt64], at seconds: UInt64 = 0,
        exemplars: [(trace: TraceID, value: Double)] = []
    ) throws -> [PointExemplar] {
        let metric = ProtobufMessage { metric in
            metric.string(1, "http.server.duration")
            metric.string(3, "ms")
            metric.message(10) { histogram in
                histogram.message(1) { point in
                    point.fixed64(2, ExemplarsFixture.epoch - 1000 * ExemplarsFixture.second)
                    point.fixed64(3, ExemplarsFixture.epoch + seconds * ExemplarsFixture.second)
                    point.fixed64(4, counts.reduce(0, &+))
                    point.varint(6, zigzag(scale))
                    point.message(8) { buckets in
                        buckets.varint(1, zigzag(offset))
                        for count in counts { buckets.varint(2, count) }
                    }
                    for (trace, value) in exemplars {
                        point.message(11) { exemplar in
                            exemplar.fixed64(2, ExemplarsFixture.epoch)
                            exemplar.double(3, value)
                            exemplar.bytes(5, bigEndian(trace.high) + bigEndian(trace.low))
                        }
                    }
                }
                histogram.varint(2, 2)
            }
        }
        fixture.metricsSink.clear()
        _ = try fixture.metrics.consume(
            Batch(
                signal: .metrics,
                requests: request(resource: ["service.name": "shop"], scope: "test", items: [metric.bytes])))
        var found: [PointExemplar] = []
        for segment in fixture.metricsSink.batches.flatMap(\.segments) {
            let fresh = try Segment(signal: .metrics, Array(segment.body.readableBytesView))
            let bytes = fresh.body.readableBytesUInt8Span
            guard case .metrics(let index) = fresh.index, let metric = index.metrics.first,
                let range = payload(of: 1, in: metric.data, bytes)
            else { continue }
            var fields = FieldCursor(bytes, range)
            while let field = fields.next() {
                if field.number == 11 { found.append(PointExemplar(bytes, exemplar: field.payload)) }
            }
        }
        return found
    }

    private func zigzag(_ number: Int) -> UInt64 {
        UInt64(UInt32(bitPattern: Int32(number) << 1 ^ Int32(number) >> 31))
    }

    @Test func `kept spans are offered, a cell each, and come with the next point`() throws {
        let fixture = try ExemplarsFixture()
        let counts: [UInt64] = Array(repeating: 1, count: 9)
        #expect(try point(fixture, counts).isEmpty)
        for (number, milliseconds) in [(1, 5), (2, 5), (3, 50), (4, 500)] {
            try fixture.see(TestSpan(.test(UInt64(number)), duration: .milliseconds(milliseconds)))
        }
        #expect(fixture.scrape.offers.map(\.traceID) == [.test(1), .test(3), .test(4)])
        let shown = try point(fixture, counts, at: 10)
        #expect(shown.map(\.traceID) == [.test(1), .test(3), .test(4)])
        #expect(try point(fixture, counts, at: 20).isEmpty)
    }

    @Test func `a change of scale moves nothing`() throws {
        let fixture = try ExemplarsFixture()
        // 4.9 … 5.1 at scale 5, 4.8 … 5.7 at scale 2.
        _ = try point(fixture, scale: 5, offset: 73, [1, 1, 1])
        try fixture.see(TestSpan(.test(1), duration: .milliseconds(5)))
        #expect(try point(fixture, scale: 2, offset: 9, [1], at: 10).map(\.traceID) == [.test(1)])
    }

    @Test func `spans wait for their bucket to count something, at every scale`() throws {
        for (scale, empty, offset) in [(-2, -1, 0), (0, 4, 5), (1, 9, 11), (4, 80, 90)] {
            let fixture = try ExemplarsFixture()
            _ = try point(fixture, scale: scale, offset: empty, [1])
            // 50 is in the bucket (32, 64] at scale 0, the cell (45.3, 64].
            try fixture.see(TestSpan(.test(1), duration: .milliseconds(50)))
            #expect(fixture.scrape.offers.isEmpty, "\(scale)")
            let shown = try point(fixture, scale: scale, offset: offset, [1, 1], at: 10)
            #expect(shown.map(\.traceID) == [.test(1)], "\(scale)")
            #expect(fixture.counted("published") == 1)
        }
    }

    @Test func `exemplars of points wait for their verdicts`() throws {
        let fixture = try ExemplarsFixture(decisionWait: .seconds(5))
        fixture.decide(.test(1), .kept)
        fixture.decide(.test(2), .dropped)
        let exemplars: [(TraceID, Double)] = [(.test(1), 5), (.test(2), 50), (.test(3), 500)]
        #expect(try point(fixture, [1], exemplars: exemplars).map(\.traceID) == [.test(1)])
        fixture.decide(.test(3), .kept)
        #expect(fixture.scrape.offers.map(\.value) == [500])
    }

    @Test func `the percentile is that of the counts since the point before, whatever the scale`() throws {
        let fixture = try ExemplarsFixture(["filter": ["percentile": 50]])
        // At scale 1 two buckets to an octave: 64 … 90.5, 90.5 … 128, …
        _ = try point(fixture, scale: 1, offset: 12, [1000, 0, 0, 0])
        _ = try point(fixture, scale: 0, offset: 6, [1000, 10], at: 10)
        try fixture.see(
            TestSpan(.test(1), duration: .milliseconds(127)), TestSpan(.test(2), duration: .milliseconds(129)))
        #expect(fixture.scrape.offers.map(\.traceID) == [.test(2)])
        // After a reset everything counts.
        _ = try point(fixture, scale: 0, offset: 6, [10, 1], at: 20)
        fixture.test.clock.advance(by: .seconds(1))
        try fixture.see(TestSpan(.test(3), duration: .milliseconds(70)))
        #expect(fixture.scrape.offers.last?.traceID == .test(3))
    }

    @Test(
        arguments: [
            (0.0, 0), (1, 3999), (1.1, 4000), (2.0.squareRoot(), 4000), (1.5, 4001), (2, 4001), (2.1, 4002),
            (0.5, 3997),
            (-1, -3999), (.infinity, 8000), (-.infinity, -8000),
        ] as [(Double, Int)])
    func `two cells make an octave, bounds belong below`(value: Double, cell: Int) {
        #expect(SeriesCells.exponential.cell(of: value) == cell)
    }

    @Test func `every number has a cell, in order, and NaN has none`() {
        let values = [
            -Double.greatestFiniteMagnitude, -1, -Double.leastNonzeroMagnitude, 0, .leastNonzeroMagnitude, 1e-300, 1e-9,
            1,
            3, 1e300, .greatestFiniteMagnitude, .infinity,
        ]
        let cells = values.compactMap { SeriesCells.exponential.cell(of: $0) }
        #expect(cells == cells.sorted() && Set(cells).count == values.count)
        #expect(SeriesCells.exponential.cell(of: .nan) == nil)
    }

    @Test func `percentiles go from negative over zero to positive values`() {
        let counts = ExponentialCounts(
            scale: 0, zeroCount: 10, positive: .init(offset: 0, counts: [10, 0, 10]),
            negative: .init(offset: 1, counts: [10]))
        #expect([0.1, 0.5, 0.7, 1].map { counts.percentileValue($0) } == [-4, 0, 1, 4])
        #expect(ExponentialCounts().percentileValue(0.5) == nil)
    }

    @Test(arguments: [Int(Int32.min), -1, 0, 1, Int(Int32.max)])
    func `offsets at the ends of their range do no harm`(offset: Int) throws {
        let fixture = try ExemplarsFixture(["filter": ["percentile": 99]])
        for (step, scale) in [20, -10, 0, -100, 100].enumerated() {
            _ = try point(fixture, scale: scale, offset: offset, [.max, 1, .max], at: UInt64(step))
        }
        try fixture.see(TestSpan(.test(1)))
    }

    @Test func `exemplars of all magnitudes take no more cells than a series may have`() throws {
        let fixture = try ExemplarsFixture(decisionWait: .seconds(5))
        let exemplars = (0..<1500).map { number in
            (trace: TraceID.test(UInt64(number)), value: Double(sign: .plus, exponent: number - 750, significand: 1))
        }
        _ = try point(fixture, [1])
        for start in stride(from: 0, to: 1500, by: 500) {
            _ = try point(fixture, [1], exemplars: Array(exemplars[start..<start + 500]))
        }
        fixture.test.verdicts.record(exemplars.map(\.trace), .kept)
        #expect(fixture.scrape.offers.count == 1500)
        #expect(try point(fixture, [1], at: 10).count == 1024)
    }

    @Test func `more buckets than anybody needs leave the distribution unknown`() throws {
        let fixture = try ExemplarsFixture(["filter": ["percentile": 1]])
        _ = try point(fixture, Array(repeating: 1, count: 5000))
        try fixture.see(TestSpan(.test(1), duration: .seconds(1000)))
        #expect(fixture.scrape.offers.isEmpty)
    }
}
