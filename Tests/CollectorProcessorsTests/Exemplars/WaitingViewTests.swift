import CollectorCore
import CollectorTestKit
import OTLPWire
import Testing

@testable import CollectorProcessors

/// What new series cost that ask the spans that waited for them.
@Suite struct WaitingViewTests {
    private static let resource = AttributeSetHash([UInt8]().span, message: .empty, fieldNumber: 1)
    private static let route: UInt64 = 1
    private var waiting = WaitingCandidates(limit: 10_000)
    private var memory = ExemplarMemory(ByteBudget(limit: 1 << 30, now: { 0 }))
    private var work = MatchWork()

    private mutating func add(_ number: UInt64, _ attributes: [UInt64: UInt64]) throws {
        let duration = Duration.milliseconds(1 + Int(number) % 4000)
        let segment = try Batch.traces(TestSpan(.test(number), name: "GET /\(number)", duration: duration)).segments[0]
        guard case .traces(let index) = segment.index else { return }
        let bytes = segment.body.readableBytesUInt8Span
        guard let span = SpanCandidate(bytes, index.spans[0], valueKeys: [], wallTime: .max) else { return }
        let projection = SpanProjection(bytes, span: index.spans[0], name: span.name, keys: [])
        let isAdded = waiting.add(span, projection, resource: Self.resource, now: 0, &memory) { attributes }
        #expect(isAdded)
    }

    private func series(route: UInt64?) -> TrackedSeries {
        TrackedSeries(
            resource: Self.resource, metric: 1, rule: MetricRule(kinds: .all), nanosecondsPerUnit: 1e6,
            attributes: route.map { [HashedAttribute(key: Self.route, value: $0)] } ?? [
                HashedAttribute(key: 7, value: .random(in: 0...UInt64.max))
            ])
    }

    @Test mutating func `each of many series asks only the spans of its route`() throws {
        for number in 0..<4000 as Range<UInt64> { try add(number, [Self.route: number % 300, 99: number]) }
        for route in 0..<300 as Range<UInt64> {
            let found = waiting.candidates(for: series(route: route), now: 0, &work, &memory)
            let own = stride(from: route, to: 4000, by: 300).map { TraceID.test($0) }
            #expect(!found.isEmpty && Set(found.map(\.traceID)).isSubset(of: own))
            #expect(found.map(\.endNanoseconds) == found.map(\.endNanoseconds).sorted(by: >))
        }
        for route in 300..<2000 as Range<UInt64> {
            #expect(waiting.candidates(for: series(route: route), now: 0, &work, &memory).isEmpty)
        }
        // The spans were looked at once, then each series at a group.
        #expect(work.done < 4000 * 4 + 2000 * 20)
    }

    @Test mutating func `series that every span matches are asked for no longer than the work lasts`() throws {
        for number in 0..<4000 as Range<UInt64> { try add(number, [99: number]) }
        for _ in 0..<20_000 { _ = waiting.candidates(for: series(route: nil), now: 0, &work, &memory) }
        #expect((1_000_000..<1_100_000).contains(work.done))
        #expect(waiting.candidates(for: series(route: nil), now: 0, &work, &memory).isEmpty)
        #expect(!waiting.candidates(for: series(route: nil), now: 2_000_000_000, &work, &memory).isEmpty)
    }

    @Test mutating func `spans that came since are asked too`() throws {
        try add(1, [Self.route: 5])
        #expect(waiting.candidates(for: series(route: 5), now: 0, &work, &memory).count == 1)
        try add(2, [Self.route: 5])
        try add(3, [:])
        try add(4, [Self.route: 6])
        let found = waiting.candidates(for: series(route: 5), now: 0, &work, &memory)
        #expect(Set(found.map(\.traceID)) == [.test(1), .test(2), .test(3)])
    }

    @Test func `a cell that has no room to file an exemplar is still offered one a second`() throws {
        let fixture = try ExemplarsFixture(["max_candidates": 1])
        try fixture.point(sample(attributes: ["r": 1]), sample(attributes: ["r": 2]))
        for number in 1...50 as ClosedRange<UInt64> {
            for route in 1...2 as ClosedRange<Int64> {
                try fixture.see(
                    TestSpan(
                        .test(number * 10 + UInt64(route)), duration: .milliseconds(50),
                        attributes: ["r": .int(route)]))
            }
        }
        #expect(fixture.scrape.offers.count == 2)
        #expect(fixture.counted("published") == 2)
    }
}
