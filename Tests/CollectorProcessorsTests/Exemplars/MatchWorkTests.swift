import Testing

@testable import CollectorProcessors

@Suite struct MatchWorkTests {
    @Test func `looking for series is bounded by the second, and goes on in the next one`() {
        var work = MatchWork()
        let second: UInt64 = 1_000_000_000
        var allowed = 0
        for _ in 0..<200 where work.take(10_000, now: 5 * second) { allowed += 1 }
        let early = work.take(1, now: 6 * second - 1)
        let late = work.take(1, now: 6 * second)
        #expect(allowed == 100)
        #expect(!early && late)
    }
}
