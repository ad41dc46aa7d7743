import CollectorCore
import CollectorTestKit
import CollectorTransport
import NIOCore
import Synchronization
import Testing

@testable import CollectorExporters

@Suite struct QueuedExporterTests {
    private let down = DeliveryError.retryable("down")

    @Test func `a full queue refuses for now, with books and metric`() throws {
        let fixture = QueuedExporterFixture(ScriptedTransport { _ in nil }) {
            $0.queue.size = 1
            $0.queue.consumers = 1
        }
        try fixture.send(1...1)
        try fixture.send(2...2)
        let error = #expect(throws: DeliveryError.self) { try fixture.send(3...5) }
        #expect(error?.isRetryable == true && error?.retryAfter == .seconds(1))
        #expect(fixture.books.held == 2)
        #expect(fixture.test.metric("otelcol_exporter_enqueue_failed_spans") == 3)
        #expect(fixture.test.metric("otelcol_exporter_queue_size") == 1)
        #expect(fixture.test.metric("otelcol_exporter_in_flight_requests") == 1)
        fixture.transport.answer()
        #expect(fixture.sentIDs == [[1], [2]])
        #expect(fixture.test.account.imbalance == nil)
    }

    @Test func `a retryable failure is tried again after the wait, with the same bytes`() throws {
        let failures = Mutex(2)
        let fixture = QueuedExporterFixture(
            ScriptedTransport { _ in
                failures.withLock { failures in
                    failures -= 1
                    return failures >= 0 ? .failure(.retryable("down")) : .success(nil)
                }
            })
        try fixture.send(1...2)
        fixture.test.clock.advance(by: .milliseconds(4999))
        #expect(fixture.transport.requests.count == 1)
        fixture.test.clock.advance(by: .milliseconds(1))
        #expect(fixture.transport.requests.count == 2)
        #expect(fixture.books.held == 2)
        fixture.test.clock.advance(by: .milliseconds(7500))
        #expect(fixture.sentIDs == [[1, 2], [1, 2], [1, 2]])
        #expect(fixture.books.forwarded == 2 && fixture.books.held == 0)
    }

    @Test func `Retry-After holds the next try back`() throws {
        let fixture = QueuedExporterFixture(
            ScriptedTransport { _ in .failure(.retryable("slow down", after: .seconds(40))) })
        try fixture.send(1...1)
        fixture.test.clock.advance(by: .milliseconds(39_999))
        #expect(fixture.transport.requests.count == 1)
        fixture.test.clock.advance(by: .milliseconds(1))
        #expect(fixture.transport.requests.count == 2)
    }

    @Test func `when the elapsed limit is reached the items are dropped and their traces lost`() throws {
        let fixture = QueuedExporterFixture(ScriptedTransport { _ in .failure(.retryable("down")) })
        try fixture.send(1...3)
        fixture.test.clock.advance(by: .seconds(301))
        #expect(fixture.dropped == ["retries exhausted": 3])
        #expect(fixture.test.metric("otelcol_exporter_send_failed_spans") == 3)
        for id in 1...3 as ClosedRange<UInt64> { #expect(fixture.test.verdicts.verdict(of: .test(id)) == .lost) }
        #expect(fixture.test.account.imbalance == nil)
    }

    @Test func `when a merged batch is refused for good, only the sender refused alone loses its items`() throws {
        let fixture = QueuedExporterFixture(
            ScriptedTransport { request in
                request.spanIDs.contains(4) ? .failure(.permanent("bad span")) : .success(nil)
            })
        try fixture.pipeline.send(.merged(1...2, 3...5, 6...6))
        #expect(fixture.sentIDs == [[1, 2, 3, 4, 5, 6], [1, 2], [3, 4, 5], [6]])
        #expect(fixture.books.forwarded == 3)
        #expect(fixture.dropped == ["refused by the backend": 3])
        #expect(fixture.test.verdicts.verdict(of: .test(4)) == .lost)
        #expect(fixture.test.verdicts.verdict(of: .test(1)) == nil)
        #expect(fixture.books.held == 0)
        #expect(fixture.test.account.imbalance == nil)
    }

    /// Spans of as many senders in one message, as `tail_sampling` writes it.
    private func mixed(_ ids: ClosedRange<UInt64>) throws -> Batch {
        var batch = try Batch.numbered(ids)
        batch.segments[0].mixesSenders = true
        return batch
    }

    @Test func `poison in a message written from many senders costs only its own trace`() throws {
        let fixture = QueuedExporterFixture(
            ScriptedTransport { request in
                request.spanIDs.contains(4) ? .failure(.permanent("bad span")) : .success(nil)
            })
        try fixture.pipeline.send(mixed(1...8))
        #expect(fixture.books.forwarded == 7)
        #expect(fixture.dropped == ["refused by the backend": 1])
        #expect(fixture.sentIDs.count == 7, "halved three times")
        #expect(fixture.test.verdicts.verdict(of: .test(4)) == .lost)
        #expect(fixture.test.verdicts.verdict(of: .test(5)) == nil)
        #expect(fixture.books.held == 0 && fixture.test.account.imbalance == nil)
    }

    @Test func `a backend that refuses everything is not asked about every trace`() throws {
        let fixture = QueuedExporterFixture(ScriptedTransport { _ in .failure(.permanent("no")) })
        try fixture.pipeline.send(mixed(1...500))
        #expect(fixture.sentIDs.count <= 65)
        #expect(fixture.dropped == ["refused by the backend": 500])
        #expect(fixture.books.held == 0 && fixture.test.account.imbalance == nil)
    }

    @Test func `a backend that claims to have refused more than was sent is not believed`() throws {
        let response = ProtobufMessage { $0.message(1) { $0.varint(1, UInt64(Int64.max)) } }
        let partial = PartialSuccess.parse(ByteBuffer(bytes: response.bytes))
        let fixture = QueuedExporterFixture(ScriptedTransport { _ in .success(partial) }) {
            $0.queue.waitsForResult = true
        }
        try fixture.pipeline.send(.numbered(1...2))
        #expect(fixture.dropped == ["refused by the backend in part": 2])
        #expect(fixture.test.verdicts.verdict(of: .test(1)) == .lost)
        #expect(fixture.test.account.imbalance == nil)
    }

    @Test func `a part that is refused for now keeps the others waiting for nothing`() throws {
        let isUp = Mutex(false)
        let fixture = QueuedExporterFixture(
            ScriptedTransport { request in
                let ids = request.spanIDs
                if ids.count > 1 { return .failure(.permanent("too mixed")) }
                return ids == [2] && !isUp.withLock { $0 } ? .failure(.retryable("busy")) : .success(nil)
            })
        try fixture.pipeline.send(.merged(1...1, 2...2))
        #expect(fixture.books.forwarded == 1)
        #expect(fixture.books.held == 1)
        #expect(fixture.test.account.imbalance == nil)
        isUp.withLock { $0 = true }
        fixture.test.clock.advance(by: .seconds(5))
        #expect(fixture.books.forwarded == 2 && fixture.books.held == 0)
        #expect(fixture.test.account.imbalance == nil)
    }

    @Test(arguments: [StatusCode.unauthenticated, .permissionDenied, .unimplemented, .notFound])
    func `a backend that refuses the sender is not asked again for each part`(_ code: StatusCode) throws {
        let fixture = QueuedExporterFixture(ScriptedTransport { _ in .failure(.permanent("no", code: code)) })
        try fixture.pipeline.send(.merged(1...1, 2...2))
        #expect(fixture.transport.requests.count == 1)
        #expect(fixture.dropped == ["refused by the backend": 2])
    }

    @Test(arguments: [(0, 3, 0), (2, 1, 2), (99, 0, 3), (-5, 3, 0)])
    func `partial success is counted and not sent again`(_ rejected: Int64, _ sent: Int, _ dropped: Int) throws {
        // The response as a backend writes it: partial_success { rejected_spans, error_message }.
        let response = ProtobufMessage { response in
            response.message(1) { partial in
                partial.varint(1, UInt64(bitPattern: rejected))
                partial.string(2, "two late spans")
            }
        }
        let partial = PartialSuccess.parse(ByteBuffer(bytes: response.bytes))
        let fixture = QueuedExporterFixture(ScriptedTransport { _ in .success(partial) })
        try fixture.send(1...3)
        #expect(fixture.transport.requests.count == 1)
        #expect(fixture.books.forwarded == sent)
        #expect(fixture.dropped == (dropped > 0 ? ["refused by the backend in part": dropped] : [:]))
        #expect(fixture.test.account.imbalance == nil)
        #expect(fixture.test.log.lines.contains { $0.contains("two late spans") })
    }

    @Test func `without a queue the client hears how the delivery ended`() throws {
        let fixture = QueuedExporterFixture(ScriptedTransport { _ in nil }) { $0.queue.isEnabled = false }
        let (good, bad) = (try outcome(of: fixture.send(1...1)), try outcome(of: fixture.send(2...2)))
        #expect(good() == nil && bad() == nil)
        fixture.transport.answer(.success(nil))
        fixture.transport.answer(.failure(.permanent("bad")))
        #expect(good() == "taken")
        #expect(bad() == "INVALID_ARGUMENT: bad")
        #expect(fixture.test.account.imbalance == nil)
    }

    @Test func `block_on_overflow answers when there is room, not before`() throws {
        let fixture = QueuedExporterFixture(ScriptedTransport { _ in nil }) {
            $0.queue.size = 1
            $0.queue.consumers = 1
            $0.queue.blocksOnOverflow = true
        }
        try fixture.send(1...1)
        try fixture.send(2...2)
        let blocked = try outcome(of: fixture.send(3...3))
        #expect(blocked() == nil)
        #expect(fixture.books.held == 3)
        fixture.transport.answer()
        #expect(blocked() == "taken")
        fixture.transport.answer()
        fixture.transport.answer()
        #expect(fixture.sentIDs == [[1], [2], [3]])
    }

    @Test func `a client whose request still waits for room at the end of the shutdown is not told yes`() async throws {
        let fixture = QueuedExporterFixture(ScriptedTransport { _ in nil }) {
            $0.queue.size = 1
            $0.queue.consumers = 1
            $0.queue.blocksOnOverflow = true
        }
        try fixture.send(1...1)
        try fixture.send(2...2)
        let blocked = try outcome(of: fixture.send(3...3))
        await fixture.test.clock.shutDown(fixture.exporter, within: .seconds(8))
        #expect(blocked()?.hasPrefix("UNAVAILABLE") == true)
        #expect(fixture.dropped == ["not delivered before shutdown": 3])
    }

    @Test func `room set aside and given back serves those that wait`() throws {
        let fixture = QueuedExporterFixture(ScriptedTransport()) {
            $0.queue.size = 1
            $0.queue.blocksOnOverflow = true
        }
        let admission = try fixture.exporter.admit(.numbered(1...1))
        let blocked = try outcome(of: fixture.exporter.admit(.numbered(2...2)).commit())
        #expect(blocked() == nil)
        admission.withdraw()
        #expect(blocked() == "taken")
        #expect(fixture.sentIDs == [[2]])
    }

    @Test func `after the shutdown began nothing is taken in`() async throws {
        let fixture = QueuedExporterFixture(ScriptedTransport())
        await fixture.test.clock.shutDown(fixture.exporter, within: .seconds(1))
        let error = #expect(throws: DeliveryError.self) { try fixture.send(1...1) }
        #expect(error?.isRetryable == true)
        #expect(fixture.test.account.imbalance == nil)
    }

    @Test func `a retry that would come after the shutdown's end is not waited for`() async throws {
        let fixture = QueuedExporterFixture(ScriptedTransport { _ in nil })
        try fixture.send(1...1)
        let clock = fixture.test.clock
        async let done: Void = fixture.exporter.shutdown(deadline: clock.now() + 4_000_000_000)
        while (try? fixture.exporter.admit(.numbered(9...9)).withdraw()) != nil { await Task.yield() }
        fixture.transport.answer(.failure(down))
        await done
        #expect(fixture.dropped == ["not delivered before shutdown": 1])
    }

    /// What a promised answer turned out to be; nil while it is not there.
    private func outcome(of acceptance: Acceptance) throws -> @Sendable () -> String? {
        guard case .pending(let completion) = acceptance else {
            throw InvalidTestRequest(reason: "the answer was given at once")
        }
        let known = Known()
        completion.whenFulfilled { outcome in
            switch outcome {
            case .success: known.set("taken")
            case .failure(let error): known.set("\(error)")
            }
        }
        return { known.value }
    }
}

/// A value that comes later.
private final class Known: Sendable {
    private let state = Mutex<String?>(nil)

    var value: String? { state.withLock { $0 } }

    func set(_ value: String) { state.withLock { $0 = value } }
}
