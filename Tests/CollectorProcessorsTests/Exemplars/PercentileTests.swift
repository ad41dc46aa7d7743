import CollectorTestKit
import Testing

@testable import CollectorProcessors

@Suite struct PercentileTests {
    @Test(
        arguments: [
            (0.5, [10, 10, 0], 10.0), (0.75, [10, 10, 0], 15), (0.99, [99, 1, 0], 10), (1, [0, 10, 0], 20),
            (0.9, [0, 0, 5], 20), (0.25, [4, 0, 0], 2.5),
        ] as [(Double, [UInt64], Double)])
    func `values are interpolated within their bucket`(fraction: Double, counts: [UInt64], value: Double) {
        #expect(percentileValue(fraction, counts: counts, bounds: [10, 20]) == value)
    }

    @Test func `nothing counted has no percentile`() {
        #expect(percentileValue(0.5, counts: [0, 0], bounds: [1]) == nil)
        #expect(percentileValue(0.5, counts: [5], bounds: []) == nil)
        #expect(percentileValue(0.5, counts: [5, 0], bounds: [-1]) == -1)
    }

    @Test func `spans below the percentile of their own series are no exemplars`() throws {
        let fixture = try ExemplarsFixture(["filter": ["percentile": 99]])
        // 99 of 100 in the second bucket: the percentile is its bound.
        try fixture.point(sample([0, 99, 1, 0]))
        try fixture.see(
            TestSpan(.test(1), duration: .milliseconds(99)),
            TestSpan(.test(2), duration: .milliseconds(100)))
        #expect(fixture.scrape.offers.map(\.traceID) == [.test(2)])
    }

    @Test func `cumulative points count what came since the point before`() throws {
        let fixture = try ExemplarsFixture(["filter": ["percentile": 50]])
        try fixture.point(sample([1000, 0, 0, 0]))
        try fixture.point(sample([1000, 0, 10, 0], at: 10))
        try fixture.see(
            TestSpan(.test(1), duration: .milliseconds(549)),
            TestSpan(.test(2), duration: .milliseconds(551)))
        #expect(fixture.scrape.offers.map(\.traceID) == [.test(2)])
        try fixture.point(sample([1000, 0, 10, 0], at: 20))
        fixture.test.clock.advance(by: .seconds(1))
        try fixture.see(TestSpan(.test(3), duration: .milliseconds(549)))
        #expect(fixture.scrape.offers.count == 1, "an interval without values changes nothing")
    }

    @Test func `a counter reset and delta points count from nothing`() throws {
        let fixture = try ExemplarsFixture(["filter": ["percentile": 50]])
        try fixture.point(sample([100, 0, 0, 0]))
        try fixture.point(sample([0, 0, 10, 0], at: 10))
        try fixture.see(TestSpan(.test(1), duration: .milliseconds(8)))
        #expect(fixture.scrape.offers.isEmpty)
        try fixture.point(sample([10, 0, 0, 0], at: 20), temporality: .delta)
        try fixture.see(TestSpan(.test(2), duration: .milliseconds(8)))
        #expect(fixture.scrape.offers.count == 1)
    }

    @Test func `exemplars of points are filtered too`() throws {
        let fixture = try ExemplarsFixture(["filter": ["percentile": 50]])
        let points = try fixture.point(
            sample([10, 0, 10, 0], exemplars: [TestExemplar(.test(1), value: 5), TestExemplar(.test(2), value: 500)]))
        #expect(points.first?.exemplars.map(\.traceID) == [.test(2)])
        #expect(fixture.counted("withheld", reason: "filter") == 1)
    }

    @Test func `spans that waited for the first point are filtered by it`() throws {
        let fixture = try ExemplarsFixture(["filter": ["percentile": 50]])
        try fixture.see(
            TestSpan(.test(1), duration: .milliseconds(5)),
            TestSpan(.test(2), duration: .milliseconds(500)))
        let points = try fixture.point(sample([10, 0, 10, 0], at: 10))
        #expect(points.first?.exemplars.map(\.traceID) == [.test(2)])
    }
}
