import CollectorCore
import CollectorTestKit
import NIOCore
import OTLPMessages
import Synchronization
import Testing

@testable import CollectorReceivers

@Suite struct ExportHandlerTests {
    private let good = request(TestSpan(.test(1), spanID: 1), TestSpan(.test(2), spanID: 2))

    @Test func `a small protobuf body goes through on the calling thread`() {
        let fixture = HandlerFixture()
        #expect(fixture.export(good).text == "taken")
        #expect(fixture.workers.waitingCount == 0)
        #expect(fixture.sink.itemCount == 2)
        #expect(fixture.books()?.received == 2 && fixture.books()?.forwarded == 2)
        #expect(fixture.test.metric("otelcol_receiver_accepted_spans", ["transport": "http"]) == 2)
    }

    @Test func `JSON and large bodies go through on a worker thread`() throws {
        let fixture = HandlerFixture()
        let text = try json(fromWire: good.span, kind: .tracesRequest)
        let large = request(TestSpan(.test(3), spanID: 3, name: String(repeating: "x", count: 1 << 20)))
        let outcomes = [fixture.export(text, .traces, .json), fixture.export(large, transport: .grpc)]
        #expect(outcomes.map(\.text) == [nil, nil])
        #expect(fixture.workers.waitingCount == 2 && fixture.sink.itemCount == 0)
        fixture.workers.runAll()
        #expect(outcomes.map(\.text) == ["taken", "taken"])
        #expect(fixture.sink.itemCount == 3)
        #expect(fixture.test.metric("otelcol_receiver_accepted_spans", ["transport": "grpc"]) == 1)
    }

    @Test func `refused spans are told and counted, the others are forwarded`() {
        let fixture = HandlerFixture()
        let outcome = fixture.export(request(TestSpan(.test(1), spanID: 1), zeroTraceSpan))
        #expect(outcome.text?.hasPrefix("1 refused: ") == true)
        #expect(fixture.books()?.received == 2)
        #expect(fixture.books()?.refused == 1 && fixture.books()?.forwarded == 1)
        #expect(fixture.books()?.residual == 0)
        #expect(fixture.test.metric("otelcol_receiver_failed_spans", ["transport": "http"]) == 1)
    }

    @Test func `what the pipeline refuses is told as it is and counted as refused`() {
        let fixture = HandlerFixture()
        fixture.sink.failNext(.retryable("full", after: .seconds(3), code: .resourceExhausted))
        #expect(fixture.export(good).text == "RESOURCE_EXHAUSTED: full")
        #expect(fixture.books()?.received == 2 && fixture.books()?.refused == 2)
        #expect(fixture.books()?.residual == 0)
        #expect(fixture.test.metric("otelcol_receiver_refused_spans", ["transport": "http"]) == 2)
    }

    @Test(arguments: [(1, 1, 1), (2, 2, 0), (5, 2, 0)])
    func `partial refusals downstream are told, and counted up to what was sent`(
        _ told: Int, _ refused: Int, _ forwarded: Int
    ) {
        let fixture = HandlerFixture()
        fixture.sink.refuseItems(Refusal(count: told, reason: "late"))
        #expect(fixture.export(good).text == "\(told) refused: late")
        #expect(fixture.books()?.refused == refused && fixture.books()?.forwarded == forwarded)
        #expect(fixture.books()?.residual == 0)
    }

    @Test func `a pending outcome is told when it comes, once`() {
        let (first, second) = (Completion(), Completion())
        let promising = PromisingConsumer([first, second])
        let fixture = HandlerFixture(next: promising)
        let outcomes = [fixture.export(good), fixture.export(good)]
        #expect(outcomes.map(\.text) == [nil, nil])
        first.fulfil(.success(nil))
        second.fulfil(.failure(.permanent("bad")))
        second.fulfil(.success(nil))
        #expect(outcomes.map(\.text) == ["taken", "INVALID_ARGUMENT: bad"])
        #expect(fixture.books()?.forwarded == 2 && fixture.books()?.refused == 2)
        #expect(fixture.books()?.residual == 0)
    }

    @Test func `an empty request is a success that no pipeline sees`() {
        let fixture = HandlerFixture()
        #expect(fixture.export([]).text == "taken")
        #expect(fixture.sink.attempts == 0)
    }

    @Test func `a signal without a pipeline is unimplemented`() {
        let fixture = HandlerFixture(signals: [.metrics])
        #expect(fixture.handler.signals == [.metrics])
        #expect(fixture.export(good).text?.hasPrefix("UNIMPLEMENTED") == true)
    }
}

/// A consumer whose answers come later.
private final class PromisingConsumer: Consumer {
    private let promises: Mutex<[Completion]>

    init(_ promises: [Completion]) { self.promises = Mutex(promises) }

    func admit(_ batch: Batch) throws(DeliveryError) -> any Admission {
        let promise = promises.withLock { $0.isEmpty ? Completion() : $0.removeFirst() }
        return ClosureAdmission { .pending(promise) }
    }
}
