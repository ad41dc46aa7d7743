import CollectorConnectors
import CollectorCore
import CollectorTestKit
import OTLPWire
import Synchronization
import Testing

private let calls = "traces.span.metrics.calls"

/// Deltas behind an exporter that says only later whether its backend took them.
@Suite struct DeltaDeliveryTests {
    private let section: TestConfig = ["aggregation_temporality": "AGGREGATION_TEMPORALITY_DELTA"]

    private func send(_ fixture: SpanMetricsFixture, _ numbers: ClosedRange<UInt64>) throws {
        try fixture.send(numbers.map { TestSpan(.test($0), spanID: $0, name: "operation-\($0)") })
    }

    private func failedSends(_ fixture: SpanMetricsFixture) -> Double {
        fixture.context.metric("otelcol_connector_span_metrics_failed_sends")
    }

    @Test func `what is refused later comes again, the same points, and is counted as failed`() async throws {
        let fixture = try await SpanMetricsFixture(section)
        fixture.sink.answerLater()
        try send(fixture, 1...1)
        fixture.flush()
        fixture.sink.answer(.failure(.retryable("503")))
        #expect(failedSends(fixture) == 1)
        try send(fixture, 2...2)
        fixture.flush()
        let points = try fixture.sink.points()
        #expect(points.count == 4 && Array(points[..<2]) == Array(points[2...]))
        fixture.sink.clear()
        fixture.sink.answer(.success(nil))
        fixture.flush()
        #expect(
            try fixture.sink.points().filter { $0.metric == calls }.map { $0.labels["span.name"] } == ["operation-2"])
        #expect(failedSends(fixture) == 1)
    }

    @Test func `nothing new is cut while the final word is missing, and the order stays`() async throws {
        let fixture = try await SpanMetricsFixture(section)
        fixture.sink.answerLater()
        for number in UInt64(1)...5 {
            try send(fixture, number...number)
            fixture.flush()
        }
        #expect(fixture.sink.attempts == 1)
        fixture.sink.answer(.success(nil))
        fixture.flush()
        fixture.sink.answer(.success(nil))
        fixture.flush()
        let points = try fixture.sink.points().filter { $0.metric == calls }
        #expect(points.map(\.count).reduce(0, +) == 5)
        #expect(points.map(\.time) == points.map(\.time).sorted())
    }

    @Test func `a round of many requests goes on as each is taken, without waiting for the next interval`() async throws
    {
        var section = section
        if case .map(let pairs) = section { section = .map(pairs + [("dimension_cardinality_limit", 0)]) }
        let fixture = try await SpanMetricsFixture(section)
        try send(fixture, 1...3500)
        fixture.sink.answerLater()
        fixture.flush()
        #expect(fixture.sink.attempts == 1)
        for _ in 0..<3 { fixture.sink.answer(.success(nil)) }
        #expect(fixture.sink.attempts == 4)
        fixture.sink.answer(.failure(.retryable("503")))
        fixture.flush()
        #expect(fixture.sink.attempts == 5)
        fixture.sink.answer(.success(nil))
        let told = Set(try fixture.sink.points().compactMap { $0.labels["span.name"] })
        #expect(told.count == 3500)
        // The last request came twice, the others once.
        #expect(try fixture.sink.points().filter { $0.metric == calls }.count == 4000)
    }

    @Test func `what is refused for good is not sent again`() async throws {
        let fixture = try await SpanMetricsFixture(section)
        fixture.sink.answerLater()
        try send(fixture, 1...1)
        fixture.flush()
        fixture.sink.answer(.failure(.permanent("400")))
        fixture.flush()
        #expect(fixture.sink.attempts == 1 && failedSends(fixture) == 1)
    }

    @Test func `a shutdown waits for the final word, sends again what is refused, and ends in time`() async throws {
        let fixture = try await SpanMetricsFixture(section)
        let answers = Mutex<[Completion.Outcome]>([
            .failure(.retryable("503")), .failure(.retryable("503")), .success(nil),
        ])
        let backend = AnsweringConsumer(fixture.context.clock, fixture.sink) {
            answers.withLock { $0.isEmpty ? .success(nil) : $0.removeFirst() }
        }
        let (config, _) = SpanMetricsFactory().read(section)
        let connector = try SpanMetricsFactory().make(
            config, fixture.context.context(ComponentID(type: "span_metrics", name: "late")), signal: .traces,
            next: [.metrics: backend])
        _ = try connector.consume(Batch(signal: .traces, requests: tracesRequest([TestSpan(.test(1), spanID: 1)])))
        await fixture.context.clock.shutDown(connector, within: .seconds(60))
        #expect(try fixture.sink.points().filter { $0.metric == calls }.map(\.count) == [1])
    }

    @Test func `a shutdown does not outlast its deadline, and tells what is lost`() async throws {
        let fixture = try await SpanMetricsFixture(section)
        fixture.sink.answerLater()
        try send(fixture, 1...1)
        fixture.flush()
        // In no request yet: the one before is not answered.
        try send(fixture, 2...3)
        // It returns although nobody answers.
        await fixture.context.clock.shutDown(fixture.connector, within: .seconds(5))
        #expect(fixture.context.log.lines.contains { $0.contains("6 data points are lost") })
        // Late answers find nobody.
        fixture.sink.answer(.failure(.retryable("503")))
        fixture.flush()
        #expect(fixture.sink.attempts == 1)
    }

    @Test func `running counts do not wait for one another, and refusals that come later are counted`() async throws {
        let fixture = try await SpanMetricsFixture()
        fixture.sink.answerLater()
        try send(fixture, 1...1)
        fixture.flush()
        try send(fixture, 1...1)
        fixture.flush()
        #expect(try fixture.sink.points().filter { $0.metric == calls }.map(\.count) == [1, 2])
        fixture.sink.answer(.failure(.retryable("503")))
        #expect(failedSends(fixture) == 2)
    }
}

/// Takes batches and gives the final word a little later; only what is confirmed is kept.
private final class AnsweringConsumer: Consumer {
    private let clock: ManualClock
    private let sink: RecordingConsumer
    private let answer: @Sendable () -> Completion.Outcome

    init(_ clock: ManualClock, _ sink: RecordingConsumer, _ answer: @escaping @Sendable () -> Completion.Outcome) {
        self.clock = clock
        self.sink = sink
        self.answer = answer
    }

    func admit(_ batch: Batch) throws(DeliveryError) -> any Admission {
        ClosureAdmission { [self] in
            let completion = Completion()
            clock.schedule(after: .milliseconds(50)) { [self] in
                let outcome = answer()
                if case .success = outcome { _ = try? sink.consume(batch) }
                completion.fulfil(outcome)
            }
            return .pending(completion)
        }
    }
}
