import CollectorCore
import CollectorTestKit
import OTLPWire
import Testing

@Suite struct VerdictExemplarTests {
    private let epoch = ExemplarsFixture.epoch

    private func withSampler(_ section: TestConfig = [:]) throws -> ExemplarsFixture {
        try ExemplarsFixture(section, decisionWait: .seconds(5))
    }

    @Test func `a span's exemplar waits for the verdict`() throws {
        let fixture = try withSampler()
        try fixture.point(sample())
        try fixture.see(TestSpan(.test(1)), TestSpan(.test(2)), TestSpan(.test(3)))
        #expect(fixture.scrape.offers.isEmpty)
        fixture.decide(.test(2), .dropped)
        #expect(fixture.scrape.offers.isEmpty)
        fixture.decide(.test(1), .kept)
        #expect(fixture.scrape.offers.map(\.traceID) == [.test(1)])
    }

    @Test func `a verdict before the span lets it pass at once`() throws {
        let fixture = try withSampler()
        try fixture.point(sample())
        fixture.decide(.test(1), .dropped)
        fixture.decide(.test(2), .kept)
        try fixture.see(TestSpan(.test(1)), TestSpan(.test(2)))
        #expect(fixture.scrape.offers.map(\.traceID) == [.test(2)])
    }

    @Test func `a point's exemplar is held back until its trace is kept, then shown`() throws {
        let fixture = try withSampler()
        let exemplar = TestExemplar(.test(1), spanID: 9, value: 55, time: epoch - 1, filteredAttributes: ["user": 42])
        #expect(try fixture.point(sample(exemplars: [exemplar])).first?.exemplars == [])
        fixture.test.clock.advance(by: .seconds(4))
        fixture.decide(.test(1), .kept)
        let offer = try #require(fixture.scrape.offers.first)
        #expect(offer.value == 55 && offer.spanID == 9)
        #expect(offer.filteredAttributes == [Exemplar.Label(name: "user", value: "42")])
        #expect(try fixture.point(sample(at: 10)).first?.exemplars.map(\.traceID) == [.test(1)])
        #expect(try fixture.point(sample(at: 20)).first?.exemplars == [])
    }

    @Test func `a point's exemplar of a kept trace passes with its point`() throws {
        let fixture = try withSampler()
        fixture.decide(.test(1), .kept)
        fixture.decide(.test(2), .dropped)
        let points = try fixture.point(
            sample(exemplars: [
                TestExemplar(.test(2), value: 5), TestExemplar(.test(1), value: 55), TestExemplar(.test(3), value: 500)
            ]))
        #expect(points.first?.exemplars.map(\.value) == [55])
        #expect(fixture.counted("published") == 1)
        #expect(fixture.counted("withheld", reason: "dropped") == 1)
    }

    @Test func `an exemplar that leads to no trace takes no place from one that does`() throws {
        let fixture = try withSampler(["unknown_traces": "publish"])
        fixture.decide(.test(1), .kept)
        let points = try fixture.point(
            sample(exemplars: [
                TestExemplar(nil, value: 54), TestExemplar(nil, spanID: 7, value: 56), TestExemplar(.test(1), value: 55),
                TestExemplar(nil, value: 57),
            ]))
        #expect(points.first?.exemplars.map(\.value) == [55])
        #expect(try fixture.point(sample(at: 10, exemplars: [TestExemplar(nil, value: 58)])).first?.exemplars == [])
        #expect(fixture.counted("withheld", reason: "traceless") == 4)
        #expect(fixture.counted("published") == 1)
    }

    @Test func `a dropped trace's exemplar is replaced by the next candidate of the bucket`() throws {
        let fixture = try withSampler()
        try fixture.point(sample(exemplars: [TestExemplar(.test(1), value: 50)]))
        fixture.decide(.test(1), .dropped)
        #expect(fixture.counted("withheld", reason: "dropped") == 1)
        #expect(fixture.counted("replaced") == 0)
        fixture.decide(.test(2), .kept)
        try fixture.see(TestSpan(.test(2), duration: .milliseconds(60)))
        #expect(fixture.scrape.offers.map(\.traceID) == [.test(2)])
        #expect(fixture.counted("replaced") == 1)
    }

    @Test func `an exemplar without a verdict is withheld after twice the decision wait`() throws {
        let fixture = try withSampler()
        try fixture.point(sample(exemplars: [TestExemplar(.test(1), value: 50)]))
        fixture.test.clock.advance(by: .milliseconds(9999))
        #expect(fixture.counted("withheld", reason: "unknown") == 0)
        fixture.test.clock.advance(by: .milliseconds(1))
        #expect(fixture.counted("withheld", reason: "unknown") == 1)
        fixture.decide(.test(1), .kept)
        #expect(fixture.scrape.offers.isEmpty)
    }

    @Test func `exemplars without a verdict pass when the configuration says so`() throws {
        let fixture = try withSampler(["unknown_traces": "publish"])
        try fixture.point(sample(exemplars: [TestExemplar(.test(1), value: 50), TestExemplar(.test(2), value: 5)]))
        fixture.decide(.test(2), .dropped)
        fixture.test.clock.advance(by: .seconds(10))
        #expect(fixture.scrape.offers.map(\.traceID) == [.test(1)])
        fixture.decide(.test(1), .dropped)
        #expect(fixture.scrape.withdrawals == [[.test(1)]])
    }

    @Test func `without a sampler exemplars of points pass unchanged`() throws {
        let fixture = try ExemplarsFixture()
        let points = try fixture.point(sample(exemplars: [TestExemplar(.test(1), value: 50)]))
        #expect(points.first?.exemplars.map(\.traceID) == [.test(1)])
    }

    @Test func `a trace that an exporter gave up is withdrawn everywhere`() throws {
        let fixture = try withSampler()
        try fixture.point(sample())
        fixture.decide(.test(1), .kept)
        try fixture.see(TestSpan(.test(1)))
        #expect(fixture.scrape.shown == [.test(1)])
        fixture.decide(.test(1), .lost)
        #expect(fixture.scrape.shown.isEmpty)
        #expect(try fixture.point(sample(at: 10)).first?.exemplars == [])
        #expect(fixture.counted("withdrawn") == 1)
        fixture.decide(.test(2), .kept)
        try fixture.see(TestSpan(.test(2)))
        #expect(fixture.scrape.shown == [.test(2)])
    }

    @Test func `a trace that is lost while its point is handed on is withdrawn afterwards`() throws {
        let test = try withSampler()
        let factory = ExemplarsTestHook(test)
        test.decide(.test(1), .kept)
        try factory.sendPoint(sample(exemplars: [TestExemplar(.test(1), value: 50)]), losing: .test(1))
        #expect(test.scrape.withdrawals.last == [.test(1)])
        #expect(test.scrape.shown.isEmpty)
    }

    @Test func `counters' exemplars wait for their verdict too`() throws {
        let fixture = try withSampler()
        let exemplars = [TestExemplar(.test(1), value: 1), TestExemplar(.test(2), value: 2)]
        fixture.decide(.test(2), .kept)
        let point = TestNumberPoint(value: 3, exemplars: exemplars)
        _ = try fixture.metrics.consume(.metrics(TestMetric("requests", .sum([point]))))
        let segment = try #require(fixture.metricsSink.batches.first?.segments.first)
        let body = Array(segment.body.readableBytesView)
        let bare = TestNumberPoint(value: 3, exemplars: [TestExemplar(.test(2), value: 2)])
        #expect(body == metricsRequest([TestMetric("requests", .sum([bare]))]))
        fixture.decide(.test(1), .kept)
        #expect(fixture.scrape.offers.map(\.value) == [1])
    }

    @Test func `a point with more exemplars than anybody needs loses the rest`() throws {
        let fixture = try withSampler()
        fixture.decide(.test(1), .kept)
        let exemplars = (0..<2000).map { _ in TestExemplar(.test(1), value: 50) }
        #expect(try fixture.point(sample(exemplars: exemplars)).first?.exemplars.count == 1024)
        #expect(fixture.counted("withheld", reason: "limit") == 976)
    }

    @Test func `what waits for verdicts is bounded, and one service leaves room for others`() throws {
        let fixture = try withSampler(["max_candidates": 10])
        let exemplars = (1...30).map { TestExemplar(.test($0), value: 50) }
        try fixture.point(sample(exemplars: exemplars))
        #expect(fixture.counted("withheld", reason: "full") == 22)
        let other = TestExemplar(.test(31), value: 50)
        try fixture.point(sample(exemplars: [other]), resource: ["service.name": "other"])
        #expect(fixture.counted("withheld", reason: "full") == 22)
        fixture.test.verdicts.record((1...31).map { .test($0) }, .kept)
        #expect(fixture.scrape.shown.contains(.test(31)))
    }

    @Test func `verdicts of a sampler that decides at once are waited for ten seconds`() throws {
        let fixture = try ExemplarsFixture(decisionWait: .zero)
        try fixture.point(sample(exemplars: [TestExemplar(.test(1), value: 50), TestExemplar(.test(2), value: 5)]))
        fixture.test.clock.advance(by: .seconds(9))
        fixture.decide(.test(1), .kept)
        fixture.test.clock.advance(by: .seconds(1))
        #expect(fixture.scrape.offers.map(\.traceID) == [.test(1)])
        #expect(fixture.counted("withheld", reason: "unknown") == 1)
    }
}
