import CollectorTestKit
import OTLPWire
import Testing

@testable import CollectorConnectors

@Suite struct WaitingEdgesTests {
    private let side = EdgeSide(service: "shop", duration: 1, isFailed: false, weight: 1, dimensions: [])
    private var client: Edge { Edge(client: side) }
    private var server: Edge { Edge(server: side) }
    private var producer: Edge { Edge(client: side, type: .messaging) }
    private var consumer: Edge { Edge(server: side, type: .messaging) }

    @Test func `pairs leave nothing behind, however long the others wait`() {
        let room = SeriesRoom(TestContext(budgetBytes: 1 << 30).budget)
        var waiting = WaitingEdges(limit: 1000, room: room)
        _ = waiting.add(client, EdgeKey(traceID: .test(0), clientSpan: 0), deadline: 5)
        for number in 1...50_000 {
            let key = EdgeKey(traceID: .test(UInt64(number)), clientSpan: 1)
            _ = waiting.add(client, key, deadline: 10)
            guard case .complete = waiting.add(server, key, deadline: 10) else {
                Issue.record("pair \(number) is not complete")
                return
            }
            if number % 1000 == 0 { #expect(waiting.ticketCount <= 1030) }
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
            if case .full = waiting.add(client, key, deadline: 10) { isFull = true }
        }
        #expect(isFull && waiting.count > 50)
    }

    @Test func `halves of one id pair in the order they came, and one that is over does not take the next along`() {
        let room = SeriesRoom(TestContext(budgetBytes: 1 << 30).budget)
        var waiting = WaitingEdges(limit: 1000, room: room)
        let key = EdgeKey(traceID: .test(1), clientSpan: 1)
        for deadline in UInt64(1)...4 { _ = waiting.add(server, key, deadline: deadline) }
        #expect(waiting.nextExpired(now: 1)?.server != nil && waiting.nextExpired(now: 1) == nil)
        guard case .complete(_, let more) = waiting.add(client, key, deadline: 5) else {
            Issue.record("the second server is not found")
            return
        }
        #expect(more.isEmpty && waiting.count == 2)
        #expect(waiting.nextExpired(now: 2) == nil)
        #expect(waiting.nextExpired(now: 3)?.server != nil && waiting.nextExpired(now: 3) == nil)
        #expect(waiting.nextExpired(now: 9)?.server != nil && waiting.nextExpired(now: 9) == nil)
        #expect(waiting.count == 0 && room.bytes == 0)
    }

    @Test func `one id over and over leaves nothing behind either, and what waits is still given up`() {
        let room = SeriesRoom(TestContext(budgetBytes: 1 << 30).budget)
        var waiting = WaitingEdges(limit: 3000, room: room)
        let key = EdgeKey(traceID: .test(1), clientSpan: 1)
        for _ in 1...2500 { _ = waiting.add(server, key, deadline: 10) }
        for number in 1...20_000 {
            guard case .complete = waiting.add(client, key, deadline: 10) else {
                Issue.record("client \(number) finds no server")
                return
            }
            _ = waiting.add(server, key, deadline: 10)
        }
        #expect(waiting.count == 2500 && waiting.ticketCount <= 2 * 2500 + 1024)
        var expired = 0
        while waiting.nextExpired(now: 10) != nil { expired += 1 }
        #expect(expired == 2500 && waiting.count == 0 && room.bytes == 0)
    }

    @Test func `producers that were paired are given up without a word, earlier when a half needs their memory`() {
        let room = SeriesRoom(TestContext(budgetBytes: 200_000).budget)
        var waiting = WaitingEdges(limit: 1_000_000, room: room)
        for number in UInt64(1)...5000 {
            let key = EdgeKey(traceID: .test(number), clientSpan: 1)
            _ = waiting.add(consumer, key, deadline: number)
            guard case .complete = waiting.add(producer, key, deadline: number) else {
                Issue.record("message \(number) is not complete")
                return
            }
        }
        #expect(waiting.count == 0 && room.bytes > 50_000)
        var isFull = false
        for number in UInt64(1)...50 {
            let key = EdgeKey(traceID: .test(number), clientSpan: 2)
            if case .full = waiting.add(client, key, deadline: 6000) { isFull = true }
        }
        #expect(!isFull && waiting.count == 50)
        #expect(waiting.nextExpired(now: 5000) == nil)
        #expect(room.bytes == 50 * client.size)
    }
}
