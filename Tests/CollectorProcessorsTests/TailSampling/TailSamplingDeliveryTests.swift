import CollectorCore
import CollectorTestKit
import OTLPWire
import Testing

@testable import CollectorProcessors

@Suite("tail_sampling: delivery")
struct TailSamplingDeliveryTests {
    private func send(_ harness: TailSamplingHarness, traces: ClosedRange<UInt64>, padding: Int = 0) throws {
        for trace in traces {
            let span = TestSpan(.test(trace), name: String(repeating: "x", count: padding))
            try harness.send(tracesRequest([span]))
        }
    }

    @Test("What is refused for now is held, tried again and delivered once")
    func retries() throws {
        let harness = try TailSamplingHarness(["num_shards": 1, "policies": policy("always_sample")])
        harness.sink.failAlways(.retryable("down"))
        try send(harness, traces: 1...10)
        harness.decideAll()
        #expect(harness.sink.batches.isEmpty)
        #expect(harness.context.account.statement().held == 10)
        #expect(harness.context.account.imbalance == nil)
        harness.sink.recover()
        harness.advance(.seconds(6))
        #expect(try harness.received().count == 10)
        #expect(try harness.receivedTraces().count == 10)
        #expect(harness.context.account.statement().held == 0)
        #expect(harness.context.account.imbalance == nil)
    }

    @Test("The delay that downstream asks for is kept")
    func keepsTheDelay() throws {
        let harness = try TailSamplingHarness(["num_shards": 1, "policies": policy("always_sample")])
        harness.sink.failNext(.retryable("busy", after: .seconds(20)))
        try send(harness, traces: 1...1)
        harness.decideAll()
        harness.advance(.seconds(18))
        #expect(harness.sink.batches.isEmpty)
        harness.advance(.seconds(3))
        #expect(try harness.received().count == 1)
    }

    @Test("While downstream takes nothing, traces rest in the window and new ones are refused; nothing is lost")
    func pressesBack() throws {
        let harness = try TailSamplingHarness([
            "max_buffer_mib": 4, "num_shards": 1, "decision_wait": "1s", "policies": policy("always_sample"),
        ])
        harness.sink.failAlways(.retryable("down"))
        var accepted = 0
        var refused = 0
        for trace in 1...400 as ClosedRange<UInt64> {
            do {
                try send(harness, traces: trace...trace, padding: 50_000)
                accepted += 1
            } catch is DeliveryError {
                refused += 1
            }
            harness.advance(.milliseconds(100))
        }
        #expect(refused > 0)
        #expect(harness.context.account.statement().held == accepted)
        #expect(harness.context.account.imbalance == nil)
        harness.sink.recover()
        harness.advance(.seconds(60))
        #expect(try harness.receivedTraces().count == accepted)
        #expect(harness.context.account.droppedCount(by: "tail_sampling") == 0)
        #expect(harness.context.account.imbalance == nil)
        try send(harness, traces: 1000...1000)
    }

    @Test("A batch that is refused for good is tried trace by trace, so that one sender's mistake costs only its own")
    func splitsPoison() throws {
        let harness = try TailSamplingHarness(["num_shards": 1, "policies": policy("always_sample")])
        harness.sink.failNext(.permanent("bad batch"), .permanent("bad trace"))
        try send(harness, traces: 1...10)
        harness.decideAll()
        let delivered = try harness.sink.batches.flatMap { try $0.readSpans() }
        #expect(Set(delivered.map(\.traceID)).count == 9)
        #expect(delivered.count == 9)
        #expect(harness.context.account.droppedCount(by: "tail_sampling") == 1)
        #expect(harness.context.account.imbalance == nil)
        let lost = (1...10 as ClosedRange<UInt64>).filter { harness.context.verdicts.verdict(of: .test($0)) == .lost }
        #expect(lost.count == 1)
    }

    @Test("What the exporter took and gave up is not sent again, and is dropped once")
    func givenUp() throws {
        let harness = try TailSamplingHarness(["num_shards": 1, "policies": policy("always_sample")])
        harness.sink.answerLater()
        try send(harness, traces: 1...10)
        harness.decideAll()
        let attempts = harness.sink.attempts
        #expect(harness.sink.itemCount == 10)
        #expect(harness.context.account.statement().held == 10)
        #expect(harness.context.account.imbalance == nil)
        harness.sink.answer(.failure(.retryable("retries exhausted")))
        harness.advance(.seconds(60))
        #expect(harness.sink.attempts == attempts)
        let books = harness.context.account.statement()
        #expect(books.dropped.filter { $0.count > 0 }.map(\.reason) == ["given up by the exporter"])
        #expect(harness.context.account.droppedCount(by: "tail_sampling") == 10)
        #expect(books.held == 0 && books.forwarded == 0)
        #expect(harness.context.account.imbalance == nil)
    }

    @Test("Items refused one by one are dropped once, whether told at once or later", arguments: [false, true])
    func partialRefusal(isLater: Bool) throws {
        let harness = try TailSamplingHarness(["num_shards": 1, "policies": policy("always_sample")])
        let refusal = Refusal(count: 3, reason: "too old")
        if isLater { harness.sink.answerLater() } else { harness.sink.refuseItems(refusal) }
        try send(harness, traces: 1...10)
        harness.decideAll()
        harness.sink.answer(.success(refusal))
        let books = harness.context.account.statement()
        #expect(books.dropped.filter { $0.count > 0 }.map(\.reason) == ["refused downstream"])
        #expect(books.forwarded == 7)
        #expect(harness.context.account.imbalance == nil)
    }

    @Test("Shutdown decides what waits and delivers it once; twice, or without start, is safe (conformance 227)")
    func drainsAtShutdown() async throws {
        let harness = try TailSamplingHarness(["policies": policy("always_sample")])
        try send(harness, traces: 1...100)
        await harness.shutdown()
        await harness.shutdown()
        #expect(try harness.received().count == 100)
        #expect(harness.context.account.imbalance == nil)
        #expect(throws: DeliveryError.self) { try send(harness, traces: 200...200) }
    }

    @Test("What downstream never takes is dropped and counted when the time for shutting down is over")
    func dropsAtTheDeadline() async throws {
        let harness = try TailSamplingHarness(["policies": policy("always_sample")])
        harness.sink.failAlways(.retryable("down"))
        try send(harness, traces: 1...20)
        harness.decideAll()
        // A deadline that has passed: the manual clock makes the call with the next move.
        async let done: Void = harness.processor.shutdown(deadline: harness.context.clock.now())
        while harness.context.account.droppedCount(by: "tail_sampling") == 0 {
            harness.advance(.milliseconds(1))
            await Task.yield()
        }
        await done
        #expect(harness.context.account.droppedCount(by: "tail_sampling") == 20)
        #expect(harness.context.verdicts.verdict(of: .test(1)) == .lost)
        #expect(harness.context.account.imbalance == nil)
    }
}
