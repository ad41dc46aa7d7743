import CollectorCore
import CollectorProcessors
import CollectorTestKit
import OTLPWire
import Testing

private let counter = "otelcol_processor_probabilistic_sampler_count_traces_sampled"

/// A sampler in a pipeline with books.
private struct Fixture {
    let test = TestContext()
    let sink = RecordingConsumer()
    let processor: any ConsumingComponent
    let pipeline: AccountedPipeline

    init(_ section: TestConfig) throws {
        let factory = ProbabilisticSamplerFactory()
        let (config, problems) = factory.read(section)
        try #require(problems.isEmpty)
        processor = try factory.make(
            config, test.context(ComponentID(type: factory.type)), signal: .traces,
            next: AccountedTail(test.account, sink))
        pipeline = AccountedPipeline(test.account, head: processor)
    }

    func keptSpans() throws -> [ReadSpan] { try sink.batches.flatMap { try $0.readSpans() } }
}

@Suite struct ProbabilisticSamplerTests {
    @Test(arguments: ["hash_seed", "proportional", "equalizing"])
    func `the rate of random ids lies within four standard deviations (conformance 216)`(mode: String) throws {
        for (percentage, probability) in [("50", 0.5), ("10", 0.1), ("1", 0.01), ("0.1", 0.001)] {
            let fixture = try Fixture(["mode": .scalar(mode), "sampling_percentage": .scalar(percentage)])
            let count = 20_000
            var random = SystemRandomNumberGenerator()
            let spans = (0..<count).map { _ in TestSpan(TraceID(high: random.next(), low: random.next())) }
            try fixture.pipeline.send(Batch(signal: .traces, requests: tracesRequest(spans)))
            let deviation = (Double(count) * probability * (1 - probability)).squareRoot()
            // A 14-bit hash cannot express every percentage.
            let slack = mode == "hash_seed" ? Double(count) / 16384 : 1
            #expect(abs(Double(fixture.sink.itemCount) - Double(count) * probability) <= 4 * deviation + slack)
            #expect(fixture.test.account.imbalance == nil)
        }
    }

    @Test func `all spans of a trace have one fate, in every batch (conformance 203)`() throws {
        let fixture = try Fixture(["mode": "proportional", "sampling_percentage": 30])
        for spanID in 1...3 as ClosedRange<UInt64> {
            let spans = (0..<200).map { TestSpan(.test($0), spanID: spanID) }
            try fixture.pipeline.send(Batch(signal: .traces, requests: tracesRequest(spans)))
        }
        let fates = Dictionary(grouping: try fixture.keptSpans()) { $0.traceID }.mapValues(\.count)
        #expect(fates.count > 20 && fates.count < 120)
        #expect(Set(fates.values) == [3])
    }

    @Test func `at 100 percent nothing changes and the bytes stay whole (conformance 206)`() throws {
        let fixture = try Fixture(["mode": "equalizing", "sampling_percentage": 100])
        try fixture.pipeline.send(.traces(TestSpan(.test(1)), TestSpan(.test(2), traceState: "congo=1")))
        #expect(try fixture.keptSpans().map(\.traceState) == ["", "congo=1"])
        let segment = try #require(fixture.sink.batches.first?.segments.first)
        guard case .traces(let index) = segment.index else { return }
        #expect(index.isWhole)
    }

    @Test func `an unreadable tracestate is forwarded as it is and counted (conformance 213)`() throws {
        let fixture = try Fixture(["mode": "proportional", "sampling_percentage": 99])
        let trace = TraceID(high: 1, low: 0x00ff_ffff_ffff_ffff)
        try fixture.pipeline.send(.traces(TestSpan(trace, traceState: "not a tracestate")))
        #expect(try fixture.keptSpans().map(\.traceState) == ["not a tracestate"])
        let name = "otelcol_processor_probabilistic_sampler_tracestates_unchanged"
        #expect(fixture.test.metric(name, ["reason": "unparseable"]) == 1)
    }

    @Test func `a span that contradicts its threshold is an error (conformance 209)`() throws {
        let span = TestSpan(TraceID(high: 1, low: 1), traceState: "ot=th:8")
        let closed = try Fixture(["mode": "equalizing", "sampling_percentage": 100])
        try closed.pipeline.send(.traces(span))
        #expect(closed.sink.itemCount == 0)
        let open = try Fixture(["mode": "equalizing", "sampling_percentage": 100, "fail_closed": false])
        try open.pipeline.send(.traces(span))
        #expect(try open.keptSpans().map(\.traceState) == [""])
    }

    @Test func `counters tell the source of randomness and the outcome`() throws {
        let fixture = try Fixture(["mode": "proportional", "sampling_percentage": 50])
        try fixture.pipeline.send(
            .traces(
                TestSpan(TraceID(high: 1, low: 1)), TestSpan(TraceID(high: 1, low: 0xff_ffff_ffff_ffff)),
                TestSpan(.test(1), traceState: "ot=rv:ffffffffffffff"),
                TestSpan(TraceID(high: 2, low: 1), attributes: ["sampling.priority": 1]),
                TestSpan(TraceID(high: 2, low: 0xff_ffff_ffff_ffff), attributes: ["sampling.priority": "0"])))
        let test = fixture.test
        #expect(test.metric(counter, ["policy": "trace_id_w3c", "sampled": "false"]) == 1)
        #expect(test.metric(counter, ["policy": "trace_id_w3c", "sampled": "true"]) == 1)
        #expect(test.metric(counter, ["policy": "sampling_randomness", "sampled": "true"]) == 1)
        #expect(test.metric(counter, ["policy": "sampling_priority", "sampled": "true"]) == 1)
        #expect(test.metric(counter, ["policy": "sampling_priority", "sampled": "false"]) == 1)
        #expect(test.account.droppedCount(by: "probabilistic_sampler") == 2)
        #expect(test.account.imbalance == nil)
    }

    @Test func `a batch that downstream refuses counts nothing and may come again`() throws {
        let fixture = try Fixture(["mode": "proportional", "sampling_percentage": 50])
        let batch = try Batch(signal: .traces, requests: tracesRequest((0..<50).map { TestSpan(.test($0)) }))
        fixture.sink.failNext(.retryable("full"))
        #expect(throws: DeliveryError.self) { try fixture.pipeline.send(batch) }
        #expect(fixture.test.account.droppedCount(by: "probabilistic_sampler") == 0)
        try fixture.pipeline.send(batch)
        #expect(fixture.test.account.imbalance == nil)
        #expect(fixture.sink.itemCount + fixture.test.account.droppedCount(by: "probabilistic_sampler") == 50)
    }

    @Test func `what admit set aside is given back untouched`() throws {
        let fixture = try Fixture(["mode": "proportional", "sampling_percentage": 50])
        let batch = try Batch(signal: .traces, requests: tracesRequest((0..<50).map { TestSpan(.test($0)) }))
        try fixture.processor.admit(batch).withdraw()
        #expect(fixture.sink.withdrawals == 1)
        #expect(fixture.sink.openAdmissions == 0)
        _ = try fixture.processor.admit(batch).commit()
        #expect(fixture.sink.openAdmissions == 0)
        #expect(fixture.sink.itemCount > 0)
    }

    @Test func `verdicts are recorded when somebody listens`() throws {
        let fixture = try Fixture(["mode": "proportional", "sampling_percentage": 50])
        fixture.test.verdicts.observe { _, _ in }
        let low = TraceID(high: 1, low: 1)
        let high = TraceID(high: 1, low: 0xff_ffff_ffff_ffff)
        try fixture.pipeline.send(.traces(TestSpan(low), TestSpan(high)))
        #expect(fixture.test.verdicts.verdict(of: low) == .dropped)
        #expect(fixture.test.verdicts.verdict(of: high) == .kept)
        #expect(fixture.test.verdicts.hasSampler)
    }

    @Test func `before a tail sampler only drops are verdicts`() throws {
        let fixture = try Fixture(["mode": "proportional", "sampling_percentage": 50])
        fixture.test.verdicts.addSampler(decisionWait: .seconds(5))
        fixture.test.verdicts.observe { _, _ in }
        let high = TraceID(high: 1, low: 0xff_ffff_ffff_ffff)
        try fixture.pipeline.send(.traces(TestSpan(high)))
        #expect(fixture.test.verdicts.verdict(of: high) == nil)
    }

    @Test(
        arguments: [
            ["sampling_percentage": -1], ["sampling_percentage": .scalar(".nan")],
            ["sampling_percentage": .scalar("1e-30")],
            ["sampling_precision": 0], ["sampling_precision": 15], ["mode": "random"], ["hash_seed": -1],
            ["sampling_percent": 1],
        ] as [TestConfig])
    func `what cannot be meant is a mistake`(section: TestConfig) {
        #expect(ProbabilisticSamplerFactory().read(section).problems.count == 1)
    }
}
