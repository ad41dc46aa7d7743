import CollectorTestKit
import OTLPWire
import Testing

@testable import CollectorConnectors

@Suite struct WaitingEdgesTests {
    private func side() -> EdgeSide {
        EdgeSide(service: "shop", duration: 1, isFailed: false, weight: 1, dimensions: [])
    }

    @Test func `pairs leave nothing behind, however long the others wait`() {
        let room = SeriesRoom(TestContext(budgetBytes: 1 << 30).budget)
        var waiting = WaitingEdges(limit: 1000, room: room)
        _ = waiting.add(EdgeKey(traceID: .test(0), clientSpan: 0), deadline: 5) { $0.client = side() }
        for number in 1...50_000 {
            let key = EdgeKey(traceID: .test(UInt64(number)), clientSpan: 1)
            _ = waiting.add(key, deadline: 10) { $0.client = side() }
            guard case .complete = waiting.add(key, deadline: 10, { $0.server = side() }) else {
                Issue.record("pair \(number) is not complete")
                return
            }
            if number % 1000 == 0 { #expect(waiting.keyCount <= 1030) }
        }
        #expect(waiting.count == 1)
        #expect(waiting.nextExpired(now: 5)?.client != nil)
        #expect(waiting.nextExpired(now: 100) == nil)
        #expect(waiting.count == 0 && room.bytes == 0)
    }

    @Test func `halves there is no memory for do not wait`() {
        let room = SeriesRoom(TestContext(budgetBytes: 100_000).budget)
        var waiting = WaitingEdges(limit: 1_000_000, room: room)
        var isFull = false
        for number in 1...5000 where !isFull {
            let key = EdgeKey(traceID: .test(UInt64(number)), clientSpan: 1)
            if case .full = waiting.add(key, deadline: 10, { $0.client = side() }) { isFull = true }
        }
        #expect(isFull && waiting.count > 50)
    }
}
