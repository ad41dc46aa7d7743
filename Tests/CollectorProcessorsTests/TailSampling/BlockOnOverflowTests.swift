import CollectorCore
import CollectorTestKit
import OTLPWire
import Synchronization
import Testing

@testable import CollectorProcessors

@Suite("tail_sampling: block_on_overflow")
struct BlockOnOverflowTests {
    /// A request with one span of about `size` bytes in each of these traces.
    private func request(_ traces: ClosedRange<UInt64>, size: Int) throws -> Batch {
        let spans = traces.map { TestSpan(.test($0), spanID: $0, name: String(repeating: "x", count: size)) }
        return try Batch(signal: .traces, requests: tracesRequest(spans))
    }

    @Test("Requests wait until what is decided has left room, not until everything is decided")
    func waitsForSomeRoom() throws {
        let harness = try TailSamplingHarness([
            "decision_wait": "5s", "max_buffer_mib": 8, "num_shards": 1, "block_on_overflow": true,
            "policies": policy("always_sample"),
        ])
        var trace: UInt64 = 0
        func send() throws -> Completion? {
            trace += 1
            if case .pending(let completion) = try harness.pipeline.send(request(trace...trace, size: 100_000)) {
                return completion
            }
            return nil
        }
        for _ in 1...16 { try #require(try send() == nil) }
        harness.advance(.seconds(3))
        var waiting = try send()
        while waiting == nil { waiting = try send() }
        let answered = AtomicFlag()
        waiting?.whenFulfilled { _ in answered.set() }
        #expect(!answered.isSet)
        harness.advance(.milliseconds(2500))
        #expect(answered.isSet)
        #expect(harness.context.account.statement().held > 1)
        #expect(harness.metric("decisions", ["trigger": "pressure"]) == 0)
        harness.decideAll()
        #expect(try harness.receivedTraces().count == Int(trace))
        #expect(harness.context.account.imbalance == nil)
    }

    @Test("However many senders come at once, no trace is decided for want of room, and all are answered")
    func manySenders() async throws {
        let harness = try TailSamplingHarness([
            "decision_wait": "1s", "max_buffer_mib": 4, "num_shards": 2, "block_on_overflow": true,
            "policies": policy("always_sample"),
        ])
        let senders: UInt64 = 32
        let requests: UInt64 = 30
        let finished = Counter()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for sender in 0..<senders {
                group.addTask {
                    defer { finished.add(1) }
                    for number in 0..<requests {
                        let first = (sender * requests + number) * 20 + 1
                        let batch = try request(first...first + 19, size: 1000)
                        guard case .pending(let completion) = try harness.pipeline.send(batch) else { continue }
                        let outcome = await withCheckedContinuation { continuation in
                            completion.whenFulfilled { continuation.resume(returning: $0) }
                        }
                        #expect(throws: Never.self) { try outcome.get() }
                    }
                }
            }
            // Time goes on while they send.
            while Int(finished.value) < Int(senders) {
                harness.advance(.milliseconds(100))
                await Task.yield()
            }
            try await group.waitForAll()
        }
        harness.decideAll()
        #expect(harness.metric("decisions", ["trigger": "pressure"]) == 0)
        #expect(harness.sink.itemCount == Int(senders * requests * 20))
        #expect(harness.context.account.imbalance == nil)
    }

    @Test("Two requests at one moment do not get the same room")
    func reserves() throws {
        let room = WaitingRoom(shards: 1)
        let batch = try request(1...1, size: 1000)
        let demand = RoomDemand(batch, shards: 1, TraceHash())
        let hasRoom = { (_: RoomDemand, passing: RoomDemand) in passing.requests == 0 }
        guard case .passes = room.enter(batch, demand, if: hasRoom),
            case .waits = room.enter(batch, demand, if: hasRoom)
        else {
            Issue.record("both requests got the room of one")
            return
        }
        #expect(room.leave(if: hasRoom) == nil)
        room.release(demand)
        #expect(room.leave(if: hasRoom) != nil)
    }

    @Test("Whoever waits at shutdown is let out, and whoever comes later is refused instead of waiting for ever")
    func closes() throws {
        let room = WaitingRoom(shards: 1)
        let batch = try request(1...1, size: 1000)
        let demand = RoomDemand(batch, shards: 1, TraceHash())
        guard case .waits = room.enter(batch, demand, if: { _, _ in false }) else {
            Issue.record("the request did not wait")
            return
        }
        #expect(room.close().count == 1)
        guard case .closed = room.enter(batch, demand, if: { _, _ in false }) else {
            Issue.record("the request waits in a closed room")
            return
        }
    }

    @Test("When a shutdown begins those who wait are taken in and answered; those who come until its end are too")
    func preparesForShutdown() async throws {
        let harness = try TailSamplingHarness([
            "decision_wait": "1h", "num_traces": 10, "block_on_overflow": true, "policies": policy("always_sample"),
        ])
        try harness.pipeline.send(request(1...10, size: 10))
        guard case .pending(let completion) = try harness.pipeline.send(request(11...20, size: 10)) else {
            Issue.record("the second request did not wait")
            return
        }
        let answered = AtomicFlag()
        completion.whenFulfilled { if case .success = $0 { answered.set() } }
        #expect(!answered.isSet)
        harness.processor.prepareForShutdown()
        #expect(answered.isSet)
        guard case .done = try harness.pipeline.send(request(21...30, size: 10)) else {
            Issue.record("what comes from upstream at its shutdown waits")
            return
        }
        await harness.shutdown()
        #expect(try harness.receivedTraces().count == 30)
        #expect(harness.context.account.imbalance == nil)
    }

    @Test("A request that was let in before shutdown and comes after it is refused, and the books balance")
    func refusesAfterShutdown() async throws {
        let harness = try TailSamplingHarness([
            "block_on_overflow": true, "policies": policy("always_sample"),
        ])
        let admission = try harness.processor.admit(request(1...1, size: 100))
        await harness.shutdown()
        guard case .pending(let completion) = admission.commit() else {
            Issue.record("the request was taken into a window that is closed")
            return
        }
        let answered = AtomicFlag()
        completion.whenFulfilled { outcome in
            if case .failure(let error) = outcome, error.isRetryable { answered.set() }
        }
        #expect(answered.isSet)
    }

    @Test("A batch that comes when the last one that waited has gone is sent, not left behind")
    func noBatchIsLeftBehind() async throws {
        let context = TestContext()
        let sink = RecordingConsumer()
        let outbox = Outbox(
            context.context(ComponentID(type: "tail_sampling")), next: sink, limit: 1 << 20, onRoom: {})
        for round in 1...60_000 as ClosedRange<UInt64> {
            let batches = try (0..<2).map { try request(round * 2 + $0...round * 2 + $0, size: 10) }
            sink.failNext(.retryable("busy", after: .milliseconds(1)))
            outbox.send(batches[0])
            await withTaskGroup(of: Void.self) { group in
                group.addTask { context.clock.advance(by: .milliseconds(1)) }
                group.addTask { outbox.send(batches[1]) }
            }
            context.clock.advance(by: .milliseconds(1))
            guard outbox.heldItems == 0 else {
                Issue.record("round \(round): nobody tries what waits")
                return
            }
        }
    }
}

/// Whether something has happened.
private final class AtomicFlag: Sendable {
    private let flag = Atomic<Bool>(false)

    var isSet: Bool { flag.load(ordering: .acquiring) }
    func set() { flag.store(true, ordering: .releasing) }
}
