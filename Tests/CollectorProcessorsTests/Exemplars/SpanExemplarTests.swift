import CollectorCore
import CollectorTestKit
import OTLPWire
import Testing

@Suite struct SpanExemplarTests {
    private let span = TestSpan(.test(1), spanID: 7, duration: .milliseconds(50))

    @Test func `a span is offered to the series that measures it and comes with the next point`() throws {
        let fixture = try ExemplarsFixture()
        #expect(try fixture.point(sample()).first?.exemplars == [])
        try fixture.see(span)
        let offer = try #require(fixture.scrape.offers.first)
        #expect(offer.traceID == .test(1))
        #expect(offer.spanID == 7)
        #expect(offer.value == 50)
        #expect(offer.timeNanoseconds == ExemplarsFixture.epoch + 50_000_000)
        let point = try #require(try fixture.point(sample(at: 10)).first)
        #expect(point.exemplars == [ReadExemplar(traceID: .test(1), spanID: 7, value: 50, time: offer.timeNanoseconds)])
        #expect(point.count == 4 && point.counts == [1, 1, 1, 1])
        #expect(try fixture.point(sample(at: 20)).first?.exemplars == [])
        #expect(fixture.counted("published") == 1)
        #expect(fixture.tracesSink.itemCount == 1)
    }

    @Test func `the offer names the series as the scrape side does`() throws {
        let fixture = try ExemplarsFixture()
        let attributes: TestAttributes = ["http.route": "/cart", "n": 1]
        try fixture.point(sample(attributes: attributes))
        try fixture.see(TestSpan(.test(1), attributes: attributes))
        let segment = try #require(fixture.metricsSink.batches.first?.segments.first)
        guard case .metrics(let index) = segment.index, let metric = index.metrics.first else { return }
        let bytes = segment.body.readableBytesUInt8Span
        let resource = payload(of: 1, in: index.resources[0].head, bytes) ?? .empty
        let point = payload(of: 1, in: metric.data, bytes) ?? .empty
        let key = SeriesKey(
            resource: AttributeSetHash(bytes, message: resource, fieldNumber: 1),
            scope: ScopeHash(bytes, scope: payload(of: 1, in: index.scopes[0].head, bytes) ?? .empty),
            name: metric.name,
            point: AttributeSetHash(bytes, message: point, fieldNumber: 9), bytes)
        #expect(fixture.scrape.series == [key])
    }

    @Test func `spans wait for a series' first point`() throws {
        let fixture = try ExemplarsFixture()
        try fixture.see(span)
        #expect(fixture.scrape.offers.isEmpty)
        #expect(try fixture.point(sample(at: 10)).first?.exemplars.map(\.traceID) == [.test(1)])
    }

    @Test func `spans of a new operation wait for its series though others are known`() throws {
        let fixture = try ExemplarsFixture()
        try fixture.point(sample(attributes: ["http.route": "/old"]))
        try fixture.see(TestSpan(.test(1), attributes: ["http.route": "/new"]))
        #expect(fixture.scrape.offers.isEmpty)
        let points = try fixture.point(
            sample(attributes: ["http.route": "/old"], at: 10), sample(attributes: ["http.route": "/new"], at: 10))
        #expect(points.map { $0.exemplars.map(\.traceID) } == [[], [.test(1)]])
    }

    @Test func `what waits is bounded`() throws {
        let fixture = try ExemplarsFixture(["max_candidates": 100])
        for number in 1...500 as ClosedRange<UInt64> {
            try fixture.see(TestSpan(.test(number)), resource: ["service.name": .string("s\(number)")])
        }
        let first = try fixture.point(sample(at: 10), resource: ["service.name": "s1"])
        #expect(first.first?.exemplars == [])
        let last = try fixture.point(sample(at: 10), resource: ["service.name": "s500"])
        #expect(last.first?.exemplars.map(\.traceID) == [.test(500)])
    }

    @Test func `only spans of the same resource match, attributes in any order`() throws {
        let fixture = try ExemplarsFixture()
        try fixture.point(sample(), resource: ["service.name": "shop", "host.name": "a"])
        try fixture.see(TestSpan(.test(1)), resource: ["service.name": "shop", "host.name": "b"])
        try fixture.see(TestSpan(.test(2)), resource: ["host.name": "a", "service.name": "shop"])
        #expect(fixture.scrape.offers.map(\.traceID) == [.test(2)])
    }

    @Test(
        arguments: [
            (["http.route": "/a", "x": "y"], true), (["http.route": "/b"], false), ([:], true),
            (["http.route": "/a", "http.status_code": "200"], false),
            (["http.status_code": 200, "http.route": "/a"], true),
        ] as [(TestAttributes, Bool)])
    func `every attribute on both the point and the span is equal`(attributes: TestAttributes, isMatch: Bool) throws {
        let fixture = try ExemplarsFixture()
        try fixture.point(sample(attributes: ["http.route": "/a", "http.status_code": 200]))
        try fixture.see(TestSpan(.test(1), attributes: attributes))
        #expect(fixture.scrape.offers.count == (isMatch ? 1 : 0))
    }

    @Test(arguments: [
        ("http.server.duration", [TestSpan.Kind.server]), ("rpc.client.duration", [.client]),
        ("messaging.process.duration", [.consumer]), ("messaging.publish.duration", [.producer]),
        ("messaging.client.operation.duration", [.producer, .consumer]),
        ("work.duration", [.unspecified, .internal, .server, .client, .producer, .consumer]),
    ])
    func `the metric's name says which kinds of spans it measures`(metric: String, kinds: [TestSpan.Kind]) throws {
        for kind in [TestSpan.Kind.unspecified, .internal, .server, .client, .producer, .consumer] {
            let fixture = try ExemplarsFixture(["include": ["metric_name": .scalar(metric)]])
            try fixture.point(sample(), metric: metric)
            try fixture.see(TestSpan(.test(1), kind: kind))
            #expect(fixture.scrape.offers.count == (kinds.contains(kind) ? 1 : 0), "\(kind)")
        }
    }

    @Test(arguments: [("ns", 2_500_000.0), ("us", 2500), ("ms", 2.5), ("s", 0.0025)])
    func `durations are in the metric's unit`(unit: String, value: Double) throws {
        let fixture = try ExemplarsFixture()
        try fixture.point(sample(), unit: unit)
        try fixture.see(TestSpan(.test(1), duration: .microseconds(2500)))
        #expect(fixture.scrape.offers.map(\.value) == [value])
    }

    @Test func `metrics in other units get no exemplars of spans`() throws {
        let fixture = try ExemplarsFixture()
        try fixture.point(sample(), metric: "http.server.request.size", unit: "By")
        try fixture.see(span)
        #expect(fixture.scrape.offers.isEmpty)
    }

    @Test func `by default only metrics whose names tell their spans are included`() throws {
        let fixture = try ExemplarsFixture()
        try fixture.point(sample(), metric: "gc.pause.duration")
        try fixture.see(span, TestSpan(.test(2), kind: .internal))
        #expect(fixture.scrape.offers.isEmpty)
    }

    @Test(arguments: [
        ("http.server.duration", true), ("http.*.duration", true), ("*", true), ("http.server", false),
        ("*.client.*", false), ("*duration*http*", false), ("http*server*duration", true),
        ("http.server.duration*", true),
    ])
    func `metric names are exact, a star stands for anything`(pattern: String, isIncluded: Bool) throws {
        let fixture = try ExemplarsFixture(["include": ["metric_name": [.text(pattern)]]])
        try fixture.point(sample())
        try fixture.see(span)
        #expect(fixture.scrape.offers.count == (isIncluded ? 1 : 0))
    }

    @Test func `a bucket takes one span a second and any slower one, each bucket its own`() throws {
        let fixture = try ExemplarsFixture()
        try fixture.point(sample())
        // lower < v ≤ bound: 10 ms belongs to the first bucket (conformance 152).
        for (number, milliseconds) in [(1, 10), (2, 9), (3, 11), (4, 100), (5, 5000), (6, 1001)] {
            try fixture.see(TestSpan(.test(UInt64(number)), duration: .milliseconds(milliseconds)))
        }
        #expect(fixture.scrape.offers.map(\.value) == [10, 11, 100, 5000])
        fixture.test.clock.advance(by: .seconds(1))
        try fixture.see(
            TestSpan(
                .test(7), start: ExemplarsFixture.epoch + ExemplarsFixture.second, duration: .milliseconds(8)))
        #expect(fixture.scrape.offers.last?.value == 8)
    }

    @Test func `an exemplar waits for a point whose time it lies in (conformance 163)`() throws {
        let fixture = try ExemplarsFixture()
        try fixture.point(sample())
        try fixture.see(TestSpan(.test(1), start: ExemplarsFixture.epoch + 15 * ExemplarsFixture.second))
        #expect(try fixture.point(sample(at: 10)).first?.exemplars == [])
        #expect(try fixture.point(sample(at: 20)).first?.exemplars.map(\.traceID) == [.test(1)])
    }

    @Test func `without span ids only the trace is named`() throws {
        let fixture = try ExemplarsFixture(["include": ["span_id": false]])
        try fixture.point(sample())
        try fixture.see(span)
        let exemplar = try #require(try fixture.point(sample(at: 10)).first?.exemplars.first)
        #expect(exemplar.traceID == .test(1) && exemplar.spanID == 0)
    }

    @Test func `an exemplar that was not taken downstream comes with the next point`() throws {
        let fixture = try ExemplarsFixture()
        try fixture.point(sample())
        try fixture.see(span)
        fixture.metricsSink.failNext(.retryable("full"))
        #expect(throws: DeliveryError.self) { try fixture.point(sample(at: 10)) }
        #expect(try fixture.point(sample(at: 10)).first?.exemplars.count == 1)
    }

    @Test func `points without a change keep their bytes`() throws {
        let fixture = try ExemplarsFixture()
        let request = metricsRequest([TestMetric("http.server.duration", unit: "ms", .histogram([sample()]))])
        let batch = try Batch(signal: .metrics, requests: request)
        _ = try fixture.metrics.consume(batch)
        #expect(fixture.metricsSink.batches.first?.segments.first?.body == batch.segments.first?.body)
    }

    @Test func `new bounds take over what is filed`() throws {
        let fixture = try ExemplarsFixture()
        try fixture.point(sample())
        try fixture.see(span)
        let other = TestHistogramPoint(
            bounds: [60], counts: [1, 1], time: ExemplarsFixture.epoch + 10 * ExemplarsFixture.second)
        #expect(try fixture.point(other).first?.exemplars.map(\.traceID) == [.test(1)])
        try fixture.see(TestSpan(.test(2), start: ExemplarsFixture.epoch + 1, duration: .milliseconds(70)))
        #expect(fixture.scrape.offers.map(\.value) == [50, 70])
    }
}
