import CollectorCore
import CollectorTestKit
import OTLPWire
import Testing

@Suite struct CounterExemplarTests {
    private static let second = ExemplarsFixture.second
    private let named: TestConfig = ["include": ["metric_name": "requests"]]

    /// Sends a counter's point and returns the exemplars it came out with.
    private func count(
        _ fixture: ExemplarsFixture, at seconds: UInt64 = 0, exemplars: [TestExemplar] = [], isMonotonic: Bool = true
    ) throws -> [TestExemplar] {
        let time = ExemplarsFixture.epoch + seconds * Self.second
        let point = TestNumberPoint(value: 3, time: time, exemplars: exemplars)
        fixture.metricsSink.clear()
        _ = try fixture.metrics.consume(.metrics(TestMetric("requests", .sum([point], isMonotonic: isMonotonic))))
        var found: [TestExemplar] = []
        for segment in fixture.metricsSink.batches.flatMap(\.segments) {
            let fresh = try Segment(signal: .metrics, Array(segment.body.readableBytesView))
            let bytes = fresh.body.readableBytesUInt8Span
            guard case .metrics(let index) = fresh.index, let metric = index.metrics.first,
                let range = payload(of: 1, in: metric.data, bytes)
            else { continue }
            var fields = FieldCursor(bytes, range)
            while let field = fields.next() {
                guard field.number == 5 else { continue }
                let exemplar = PointExemplar(bytes, exemplar: field.payload)
                guard case .double(let value) = exemplar.value else { continue }
                found.append(
                    TestExemplar(
                        exemplar.traceID, spanID: exemplar.spanID, value: value, time: exemplar.timeNanoseconds))
            }
        }
        return found
    }

    @Test func `a counter that is named gets the newest kept span`() throws {
        let fixture = try ExemplarsFixture(named)
        #expect(try count(fixture).isEmpty)
        try fixture.see(TestSpan(.test(1), spanID: 7))
        fixture.test.clock.advance(by: .seconds(2))
        try fixture.see(TestSpan(.test(2), spanID: 8, start: ExemplarsFixture.epoch + Self.second))
        let shown = try count(fixture, at: 10)
        #expect(shown.map(\.traceID) == [.test(2)] && shown.map(\.value) == [1] && shown.map(\.spanID) == [8])
        #expect(fixture.scrape.offers.map(\.traceID) == [.test(1), .test(2)])
        #expect(try count(fixture, at: 20).isEmpty)
    }

    @Test func `slower spans are nothing better to a counter`() throws {
        let fixture = try ExemplarsFixture(named)
        _ = try count(fixture)
        try fixture.see(TestSpan(.test(1)), TestSpan(.test(2), duration: .seconds(2)))
        #expect(fixture.scrape.offers.map(\.traceID) == [.test(1)])
    }

    @Test func `counters are left alone by default, and so are sums that go down`() throws {
        for (section, isMonotonic) in [([:], true), (named, false)] as [(TestConfig, Bool)] {
            let fixture = try ExemplarsFixture(section)
            _ = try count(fixture, isMonotonic: isMonotonic)
            try fixture.see(TestSpan(.test(1)))
            #expect(fixture.scrape.offers.isEmpty)
        }
    }

    @Test func `a dropped exemplar of a counter is replaced by the next candidate`() throws {
        let fixture = try ExemplarsFixture(named, decisionWait: .seconds(5))
        #expect(try count(fixture, exemplars: [TestExemplar(.test(1), value: 1)]).isEmpty)
        fixture.decide(.test(1), .dropped)
        fixture.decide(.test(2), .kept)
        try fixture.see(TestSpan(.test(2)))
        #expect(fixture.counted("replaced") == 1)
        #expect(try count(fixture, at: 10).map(\.traceID) == [.test(2)])
    }

    @Test func `the percentile filter is for distributions`() throws {
        let fixture = try ExemplarsFixture(["include": ["metric_name": "requests"], "filter": ["percentile": 99]])
        _ = try count(fixture)
        try fixture.see(TestSpan(.test(1)))
        #expect(fixture.scrape.offers.count == 1)
    }
}
