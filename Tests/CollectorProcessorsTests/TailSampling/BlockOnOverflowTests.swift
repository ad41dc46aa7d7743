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

    @Test("num_traces bounds what is undecided of all requests together: one that does not fit beside the others waits")
    func boundsTraces() throws {
        let harness = try TailSamplingHarness([
            "decision_wait": "5s", "num_traces": 10, "num_shards": 3, "block_on_overflow": true,
            "policies": policy("always_sample"),
        ])
        guard case .done = try harness.pipeline.send(request(1...6, size: 10)),
            case .pending(let tooMany) = try harness.pipeline.send(request(7...11, size: 10))
        else {
            Issue.record("eleven traces are in a window for ten, or six are not")
            return
        }
        let answered = AtomicFlag()
        tooMany.whenFulfilled { _ in answered.set() }
        #expect(harness.metric("sampling_traces_on_memory") == 6 && !answered.isSet)
        harness.advance(.seconds(6))
        #expect(harness.metric("sampling_traces_on_memory") == 5 && answered.isSet)
        // However unevenly they fall into the shards.
        for first: UInt64 in 1...40 {
            harness.advance(.seconds(6))
            guard case .done = try harness.pipeline.send(request(first * 100...first * 100 + 9, size: 10)) else {
                Issue.record("ten traces wait for room in an empty window for ten")
                return
            }
            #expect(harness.metric("sampling_traces_on_memory") == 10)
        }
        harness.decideAll()
        #expect(harness.metric("decisions", ["trigger": "num_traces"]) == 0)
        #expect(harness.context.account.imbalance == nil)
    }

    @Test("Spans of traces that are held, or were decided, do not wait for room for new ones")
    func knownTraces() throws {
        let harness = try TailSamplingHarness([
            "decision_wait": "5s", "num_traces": 10, "num_shards": 3, "block_on_overflow": true,
            "policies": policy("always_sample"),
        ])
        try harness.pipeline.send(request(1...8, size: 10))
        guard case .done = try harness.pipeline.send(request(1...10, size: 10)),
            case .done = try harness.pipeline.send(request(2...9, size: 10)),
            case .pending = try harness.pipeline.send(request(2...11, size: 10))
        else {
            Issue.record("spans of held traces wait, or an eleventh trace does not")
            return
        }
        harness.advance(.seconds(6))
        // The last request has one new trace; the others are decided.
        #expect(harness.metric("sampling_traces_on_memory") == 1)
        guard case .done = try harness.pipeline.send(request(2...10, size: 10)) else {
            Issue.record("late spans wait")
            return
        }
        harness.decideAll()
        #expect(harness.metric("decisions", ["trigger": "num_traces"]) == 0)
        #expect(harness.sink.itemCount == 8 + 10 + 8 + 10 + 9)
    }

    @Test("A request of more traces than num_traces is taken into an empty window, its oldest traces decided early")
    func boundsLargeRequest() throws {
        let harness = try TailSamplingHarness([
            "decision_wait": "5s", "num_traces": 10, "num_shards": 3, "block_on_overflow": true,
            "policies": policy("always_sample"),
        ])
        guard case .done = try harness.pipeline.send(request(1...500, size: 10)) else {
            Issue.record("a request that will never have room waits for it")
            return
        }
        harness.advance(.milliseconds(1))
        let held = harness.metric("sampling_traces_on_memory")
        #expect(held <= 10 && held >= 3)
        #expect(harness.metric("decisions", ["trigger": "num_traces"]) == 500 - held)
        guard case .pending = try harness.pipeline.send(request(501...1000, size: 10)) else {
            Issue.record("another one passes though the window is not empty")
            return
        }
        harness.advance(.seconds(6))
        #expect(harness.metric("sampling_traces_on_memory") <= 10)
        harness.decideAll()
        // Requests that fit are not decided early after it.
        let early = harness.metric("decisions", ["trigger": "num_traces"])
        try harness.pipeline.send(request(1001...1010, size: 10))
        #expect(harness.metric("sampling_traces_on_memory") == 10)
        harness.decideAll()
        #expect(harness.metric("decisions", ["trigger": "num_traces"]) == early)
        #expect(try harness.receivedTraces().count == 1010)
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
        harness.advance(.milliseconds(1))
        #expect(harness.metric("sampling_traces_on_memory") <= 10)
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
