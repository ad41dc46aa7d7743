import CollectorCore
import CollectorTestKit
import OTLPWire
import Testing

/// Whatever senders make up, the processor holds no more than its part of the byte budget, and says what it left out.
@Suite struct ExemplarMemoryTests {
    private static let quarter = 256 << 10

    private func small() throws -> ExemplarsFixture {
        try ExemplarsFixture(decisionWait: .seconds(5), budgetBytes: 4 * Self.quarter)
    }

    private func label(_ number: Int, of count: Int) -> TestAttributes {
        TestAttributes([(key: "n", value: .int(Int64(number)))] + (1..<count).map { (key: "k\($0)", value: .empty) })
    }

    /// What is charged when nothing is on its way.
    private func held(_ fixture: ExemplarsFixture) -> Int {
        fixture.metricsSink.clear()
        return fixture.test.budget.usedBytes
    }

    @Test func `exemplars that wait are charged, without the attributes that nothing shows`() throws {
        let fixture = try ExemplarsFixture(decisionWait: .seconds(5))
        let text = String(repeating: "v", count: 10_000)
        let exemplars = (1...200).map {
            TestExemplar(.test($0), value: 50, filteredAttributes: ["big": .string(text), "user": 42])
        }
        try fixture.point(sample(exemplars: exemplars))
        #expect((200 * 320...200_000).contains(held(fixture)))
        #expect(fixture.counted("shed_attributes") == 200)
        fixture.decide(.test(1), .kept)
        #expect(fixture.scrape.offers.last?.filteredAttributes == [Exemplar.Label(name: "user", value: "42")])
        fixture.test.verdicts.record((2...200).map { .test($0) }, .dropped)
        #expect(held(fixture) < 40_000)
    }

    @Test func `exemplars beyond the memory are withheld and counted`() throws {
        let fixture = try small()
        let exemplars = (1...1000).map { TestExemplar(.test($0), value: 50) }
        try fixture.point(sample(exemplars: exemplars))
        let refused = fixture.counted("withheld", reason: "memory")
        #expect((1..<1000).contains(refused))
        #expect(fixture.counted("waiting") == 1000 - refused)
        #expect(held(fixture) <= Self.quarter)
    }

    @Test func `series beyond the memory are not followed, and their points go on`() throws {
        let fixture = try small()
        for number in 0..<400 {
            let points = try fixture.point(sample(attributes: label(number, of: 100)))
            #expect(points.count == 1)
        }
        let refused = fixture.counted("untracked_points", reason: "memory")
        #expect((200..<400).contains(refused))
        #expect(held(fixture) <= Self.quarter)
    }

    @Test func `series that grow beyond the memory are followed no more`() throws {
        let fixture = try small()
        for number in 0..<100 { try fixture.point(sample(attributes: label(number, of: 1))) }
        #expect(fixture.counted("untracked_points", reason: "memory") == 0)
        let bounds = (0..<1000).map(Double.init)
        let counts = [UInt64](repeating: 1, count: 1001)
        for number in 0..<100 {
            let point = TestHistogramPoint(
                attributes: label(number, of: 1), bounds: bounds, counts: counts,
                time: ExemplarsFixture.epoch + ExemplarsFixture.second)
            try fixture.point(point)
        }
        #expect(fixture.counted("untracked_points", reason: "memory") > 90)
        #expect(held(fixture) <= Self.quarter)
    }

    @Test func `spans that wait for a series are charged`() throws {
        let fixture = try small()
        for number in 1...2000 as ClosedRange<UInt64> {
            let attributes = (0..<20).map { (key: "k\($0)", value: TestValue.int(Int64($0))) }
            try fixture.see(
                TestSpan(.test(number), attributes: TestAttributes(attributes)),
                resource: ["service.name": .string("s\(number)")])
        }
        #expect((Self.quarter / 4...Self.quarter).contains(held(fixture)))
        fixture.decide(.test(2000), .kept)
        let last = try fixture.point(sample(at: 10), resource: ["service.name": "s2000"])
        #expect(last.first?.exemplars.map(\.traceID) == [.test(2000)], "the oldest went, not the newest")
    }

    @Test func `points with more labels than spans have are not followed`() throws {
        let fixture = try ExemplarsFixture()
        try fixture.point(sample(attributes: label(1, of: 128)), sample(attributes: label(1, of: 129)))
        #expect(fixture.counted("untracked_points", reason: "attributes") == 1)
    }

    @Test func `points with more buckets than are ever shown are not followed`() throws {
        let fixture = try ExemplarsFixture()
        for count in [10_000, 10_001] {
            let point = TestHistogramPoint(
                bounds: (0..<count).map(Double.init), counts: [UInt64](repeating: 1, count: count + 1))
            try fixture.point(point)
        }
        #expect(fixture.counted("untracked_points", reason: "buckets") == 1)
    }

    @Test func `one service leaves places for the series of others`() throws {
        let fixture = try ExemplarsFixture(["max_series": 8])
        for number in 0..<20 { try fixture.point(sample(attributes: label(number, of: 1))) }
        #expect(fixture.counted("untracked_points", reason: "limit") == 14)
        try fixture.point(sample(), resource: ["service.name": "other"])
        #expect(fixture.counted("untracked_points", reason: "limit") == 14)
    }
}
