import CollectorCore
import CollectorTestKit
import OTLPWire
import Testing

@testable import CollectorProcessors

/// Buckets that count nothing show nothing, and a bucket has more than one candidate.
@Suite struct BucketExemplarTests {
    @Test func `a span waits for its bucket to count something`() throws {
        let fixture = try ExemplarsFixture()
        try fixture.point(sample([1, 0, 0, 0]))
        try fixture.see(TestSpan(.test(1), duration: .milliseconds(50)))
        #expect(fixture.scrape.offers.isEmpty)
        #expect(try fixture.point(sample([2, 0, 0, 0], at: 10)).first?.exemplars == [])
        #expect(fixture.counted("published") == 0)
        #expect(try fixture.point(sample([2, 1, 0, 0], at: 20)).first?.exemplars.map(\.traceID) == [.test(1)])
        #expect(fixture.counted("published") == 1)
        #expect(try fixture.point(sample([2, 1, 0, 0], at: 30)).first?.exemplars == [])
    }

    @Test func `a span that is newer than the point that counts it is offered after the point`() throws {
        let fixture = try ExemplarsFixture()
        try fixture.point(sample([1, 0, 0, 0]))
        try fixture.see(
            TestSpan(
                .test(1), start: ExemplarsFixture.epoch + 15 * ExemplarsFixture.second, duration: .milliseconds(50)))
        #expect(try fixture.point(sample([2, 1, 0, 0], at: 10)).first?.exemplars == [])
        #expect(fixture.scrape.offers.map(\.traceID) == [.test(1)])
        #expect(fixture.counted("published") == 1)
    }

    @Test func `deltas count on`() throws {
        let fixture = try ExemplarsFixture()
        try fixture.point(sample([0, 1, 0, 0]), temporality: .delta)
        try fixture.point(sample([1, 0, 0, 0], at: 5), temporality: .delta)
        try fixture.see(TestSpan(.test(1), duration: .milliseconds(50)))
        #expect(fixture.scrape.offers.map(\.traceID) == [.test(1)])
        // It is not among what this one counts.
        #expect(try fixture.point(sample([1, 0, 0, 0], at: 10), temporality: .delta).first?.exemplars == [])
    }

    @Test func `of two scopes that have the metric the one whose bucket counts gets the span`() throws {
        let fixture = try ExemplarsFixture()
        try fixture.point(sample([5, 0, 0, 0]), scope: "one")
        try fixture.point(sample([0, 0, 0, 5]), scope: "two")
        try fixture.see(TestSpan(.test(1), duration: .seconds(5)))
        #expect(fixture.scrape.offers.count == 1)
        #expect(try fixture.point(sample([5, 0, 0, 0], at: 10), scope: "one").first?.exemplars == [])
        let two = try fixture.point(sample([0, 0, 0, 6], at: 10), scope: "two")
        #expect(two.first?.exemplars.map(\.traceID) == [.test(1)])
    }

    @Test func `of two scopes whose buckets count the one gets the span whose count grows`() throws {
        let fixture = try ExemplarsFixture()
        for step in 0..<4 as Range<UInt64> {
            try fixture.point(sample([5, 5, 5, 5], at: step), scope: "one")
            try fixture.point(sample([5, 5, 5, 5 + step], at: step), scope: "two")
        }
        try fixture.see(TestSpan(.test(1), duration: .seconds(5)))
        #expect(fixture.scrape.offers.count == 1)
        #expect(try fixture.point(sample([5, 5, 5, 5], at: 10), scope: "one").first?.exemplars == [])
        let two = try fixture.point(sample([5, 5, 5, 9], at: 10), scope: "two")
        #expect(two.first?.exemplars.map(\.traceID) == [.test(1)])
    }

    @Test func `bounds that come and go forget nothing`() throws {
        let fixture = try ExemplarsFixture(["promote": nil], decisionWait: .seconds(5))
        let other = TestHistogramPoint(bounds: [60], counts: [1, 1], time: ExemplarsFixture.epoch)
        try fixture.point(sample())
        fixture.decide(.test(1), .kept)
        try fixture.see(TestSpan(.test(1), start: ExemplarsFixture.epoch + ExemplarsFixture.second))
        #expect(fixture.scrape.offers.count == 1)
        for _ in 0..<5 {
            try fixture.point(other)
            try fixture.point(sample())
        }
        #expect(fixture.scrape.offers.count == 1)
        fixture.test.verdicts.promotions.preview(try Batch.traces(TestSpan(.test(2))))
        #expect(!fixture.test.verdicts.promotions.claims(.test(2)), "the cell has an exemplar")
        #expect(try fixture.point(sample(at: 10)).first?.exemplars.map(\.traceID) == [.test(1)])
    }

    @Test func `when an exemplar is withdrawn the next of its bucket is offered, after the withdrawal`() throws {
        let fixture = try ExemplarsFixture(decisionWait: .seconds(5))
        try fixture.point(sample())
        for number in 1...4 as ClosedRange<UInt64> {
            fixture.decide(.test(number), .kept)
            try fixture.see(
                TestSpan(
                    .test(number), start: ExemplarsFixture.epoch + number * ExemplarsFixture.second,
                    duration: .milliseconds(number == 1 ? 90 : 50)))
            fixture.test.clock.advance(by: .seconds(1))
        }
        #expect(fixture.scrape.offers.map(\.traceID) == (1...4).map { .test($0) })
        fixture.decide(.test(4), .lost)
        #expect(fixture.scrape.offers.last?.traceID == .test(3))
        #expect(fixture.scrape.shown.contains(.test(3)) && !fixture.scrape.shown.contains(.test(4)))
        fixture.decide(.test(3), .lost)
        // The second one made room; the first one is the slowest.
        #expect(fixture.scrape.offers.last?.traceID == .test(1))
        #expect(fixture.counted("published") == 4, "what is offered once more was counted")
        #expect(fixture.counted("withdrawn") == 2)
        #expect(try fixture.point(sample(at: 60)).first?.exemplars.map(\.traceID) == [.test(1)])
    }

    @Test func `an exemplar that went on with its point can be offered again`() throws {
        let fixture = try ExemplarsFixture(decisionWait: .seconds(5))
        fixture.decide(.test(1), .kept)
        fixture.decide(.test(2), .kept)
        let epoch = ExemplarsFixture.epoch
        try fixture.point(sample(exemplars: [TestExemplar(.test(1), value: 50, time: epoch)]))
        try fixture.point(sample(at: 10, exemplars: [TestExemplar(.test(2), value: 50, time: epoch + 9)]))
        #expect(fixture.scrape.offers.isEmpty)
        fixture.decide(.test(2), .lost)
        #expect(fixture.scrape.offers.map(\.traceID) == [.test(1)])
    }

    @Test func `what is filed is bounded, and cells without an exemplar come first`() throws {
        let fixture = try ExemplarsFixture(["max_candidates": 4])
        for route in 0..<4 {
            try fixture.point(sample(attributes: TestAttributes([(key: "r", value: .int(Int64(route)))])))
        }
        for round in 0..<5 as Range<UInt64> {
            for route in 0..<4 as Range<UInt64> {
                try fixture.see(
                    TestSpan(
                        .test(round * 10 + route), start: ExemplarsFixture.epoch + round * ExemplarsFixture.second,
                        attributes: TestAttributes([(key: "r", value: .int(Int64(route)))])))
            }
            fixture.test.clock.advance(by: .seconds(2))
        }
        #expect(fixture.scrape.offers.count == 20)
        let points = try (0..<4).flatMap { route in
            try fixture.point(
                sample(attributes: TestAttributes([(key: "r", value: .int(Int64(route)))]), at: 60))
        }
        #expect(points.flatMap(\.exemplars).count == 4)
    }

    @Test func `each exemplar replaces one that was dropped at most once`() throws {
        let fixture = try ExemplarsFixture(decisionWait: .seconds(5))
        try fixture.point(sample())
        fixture.decide(.test(1), .kept)
        try fixture.see(TestSpan(.test(1), duration: .milliseconds(50)))
        let exemplars = (10..<40).map { TestExemplar(.test($0), value: 50) }
        fixture.test.verdicts.record((10..<40).map { .test($0) }, .dropped)
        try fixture.point(
            TestHistogramPoint(
                bounds: [10, 100, 1000], counts: [1, 1, 1, 1], time: ExemplarsFixture.epoch, exemplars: exemplars))
        #expect(fixture.counted("withheld", reason: "dropped") == 30)
        #expect(fixture.counted("replaced") == 1)
        #expect(fixture.counted("published") == 1)
    }

    @Test func `a clock that is ahead holds nothing up`() throws {
        let fixture = try ExemplarsFixture()
        let ahead = ExemplarsFixture.epoch + 7200 * ExemplarsFixture.second
        try fixture.point(sample())
        try fixture.see(TestSpan(.test(1), start: ahead))
        fixture.test.clock.advance(by: .seconds(2))
        try fixture.see(TestSpan(.test(2), start: ExemplarsFixture.epoch + 3601 * ExemplarsFixture.second))
        #expect(fixture.scrape.offers.map(\.traceID) == [.test(1), .test(2)])
        #expect(fixture.scrape.offers.map(\.timeNanoseconds).max() ?? .max < ahead)
        #expect(try fixture.point(sample(at: 3610)).first?.exemplars.map(\.traceID) == [.test(2)])
    }

    @Test func `a reservoir keeps the newest and the slowest`() {
        var reservoir = CellReservoir()
        for number in 0..<50 as Range<UInt64> {
            let exemplar = Exemplar(
                traceID: .test(number), spanID: 1, value: number == 7 ? 99 : Double(number), timeNanoseconds: number)
            let entry = CellReservoir.Entry(ready: ReadyExemplar(exemplar: exemplar), filedAt: 0, isCounted: false)
            _ = reservoir.add(entry, capacity: 3)
            _ = reservoir.add(entry, capacity: 3)
        }
        #expect(reservoir.entries.map(\.exemplar.timeNanoseconds) == [7, 48, 49])
        #expect(reservoir.remove { $0.exemplar.timeNanoseconds == 49 }.count == 1)
        #expect(reservoir.newest?.exemplar.timeNanoseconds == 48)
    }
}
