import CollectorCore
import CollectorProcessors
import CollectorTestKit
import OTLPWire
import Testing

/// A `batch` processor in a pipeline with books.
struct BatchFixture {
    let test: TestContext
    let sink = RecordingConsumer()
    let processor: any ConsumingComponent
    let pipeline: AccountedPipeline

    init(_ section: TestConfig, signal: Signal = .traces) throws {
        let factory = BatchFactory()
        let (config, problems) = factory.read(section)
        try #require(problems.isEmpty)
        test = TestContext(signal: signal)
        processor = try factory.make(
            config, test.context(ComponentID(type: factory.type)), signal: signal,
            next: AccountedTail(test.account, sink))
        pipeline = AccountedPipeline(test.account, head: processor)
    }

    /// Sends one request with spans of these span ids.
    func send(_ spanIDs: ClosedRange<UInt64>) throws {
        let spans = spanIDs.map { TestSpan(.test($0), spanID: $0) }
        try pipeline.send(Batch(signal: .traces, requests: tracesRequest(spans)))
    }

    var sizes: [Int] { sink.batches.map(\.itemCount) }
    var held: Int { test.account.statement().held }

    func deliveredSpanIDs() throws -> [UInt64] { try sink.batches.flatMap { try $0.readSpans() }.map(\.spanID) }
}

@Suite struct BatchProcessorTests {
    @Test func `a batch is sent on the thread that completes it`() throws {
        let fixture = try BatchFixture(["send_batch_size": 10])
        try fixture.send(1...6)
        #expect(fixture.sizes.isEmpty)
        #expect(fixture.held == 6)
        try fixture.send(7...12)
        #expect(fixture.sizes == [12])
        #expect(fixture.sink.batches.first?.segments.count == 2)
        #expect(fixture.held == 0)
        #expect(fixture.test.account.imbalance == nil)
        #expect(fixture.test.metric("otelcol_processor_batch_batch_size_trigger_send", ["processor": "batch"]) == 1)
        #expect(fixture.test.metric("otelcol_processor_batch_batch_send_size") == 1)
    }

    @Test func `what is too little for a batch is sent when its time is over`() throws {
        let fixture = try BatchFixture(["send_batch_size": 10, "timeout": "200ms"])
        try fixture.send(1...3)
        fixture.test.clock.advance(by: .milliseconds(199))
        #expect(fixture.sizes.isEmpty)
        fixture.test.clock.advance(by: .milliseconds(1))
        #expect(fixture.sizes == [3])
        #expect(fixture.test.metric("otelcol_processor_batch_timeout_trigger_send") == 1)
    }

    @Test func `the time counts from the first item after a batch was sent`() throws {
        let fixture = try BatchFixture(["send_batch_size": 4, "timeout": "200ms"])
        try fixture.send(1...1)
        fixture.test.clock.advance(by: .milliseconds(150))
        try fixture.send(2...4)
        try fixture.send(5...5)
        fixture.test.clock.advance(by: .milliseconds(199))
        #expect(fixture.sizes == [4])
        fixture.test.clock.advance(by: .milliseconds(1))
        #expect(fixture.sizes == [4, 1])
        #expect(fixture.test.clock.scheduledCount == 0)
    }

    @Test(arguments: [["send_batch_size": 0], ["timeout": "0"]] as [TestConfig])
    func `a size or a time of 0 sends at once`(section: TestConfig) throws {
        let fixture = try BatchFixture(section)
        try fixture.send(1...2)
        #expect(fixture.sizes == [2])
    }

    @Test func `traces are split where send_batch_max_size demands it, and lose nothing`() throws {
        let fixture = try BatchFixture(["send_batch_size": 4, "send_batch_max_size": 5])
        try fixture.send(1...3)
        try fixture.send(4...15)
        #expect(fixture.sizes == [5, 5, 5])
        #expect(try fixture.deliveredSpanIDs() == Array(1...15))
        #expect(fixture.test.account.imbalance == nil)
    }

    @Test func `metrics stay whole above send_batch_max_size, which is counted`() throws {
        let fixture = try BatchFixture(["send_batch_size": 2, "send_batch_max_size": 2], signal: .metrics)
        let gauges = (0..<3).map { TestMetric("m\($0)", .gauge([TestNumberPoint(value: 1)])) }
        try fixture.pipeline.send(
            Batch(signal: .metrics, requests: metricsRequest(Array(gauges[..<1])), metricsRequest(gauges)))
        fixture.test.clock.advance(by: .seconds(1))
        #expect(fixture.sizes == [1, 3])
        #expect(fixture.test.metric("otelcol_processor_batch_oversize_send") == 1)
    }

    @Test func `what was refused for now is held and tried again with growing pauses`() throws {
        let fixture = try BatchFixture(["send_batch_size": 2])
        fixture.sink.failNext(.retryable("full"), .retryable("full"))
        try fixture.send(1...2)
        #expect(fixture.held == 2)
        #expect(fixture.test.account.imbalance == nil)
        fixture.test.clock.advance(by: .milliseconds(100))
        #expect(fixture.sink.attempts == 2)
        fixture.test.clock.advance(by: .milliseconds(199))
        #expect(fixture.sink.attempts == 2)
        fixture.test.clock.advance(by: .milliseconds(1))
        #expect(fixture.sizes == [2])
        #expect(fixture.held == 0)
    }

    @Test func `the delay that downstream asks for is kept, also by new batches`() throws {
        let fixture = try BatchFixture(["send_batch_size": 2])
        fixture.sink.failNext(.retryable("busy", after: .seconds(3)))
        try fixture.send(1...2)
        try fixture.send(3...4)
        fixture.test.clock.advance(by: .milliseconds(2999))
        #expect(fixture.sink.attempts == 1)
        fixture.test.clock.advance(by: .milliseconds(1))
        #expect(try fixture.deliveredSpanIDs() == [1, 2, 3, 4])
    }

    @Test func `new items are refused while ten batches are held`() throws {
        let fixture = try BatchFixture(["send_batch_size": 2])
        fixture.sink.failAlways(.retryable("down"))
        for first in stride(from: UInt64(1), through: 19, by: 2) { try fixture.send(first...(first + 1)) }
        #expect(fixture.held == 20)
        #expect { try fixture.send(100...101) } throws: { ($0 as? DeliveryError)?.isRetryable == true }
        #expect(fixture.test.account.imbalance == nil)
        fixture.sink.recover()
        fixture.test.clock.advance(by: .seconds(10))
        #expect(try fixture.deliveredSpanIDs().sorted() == Array(1...20))
        try fixture.send(100...101)
        #expect(fixture.test.account.imbalance == nil)
    }

    @Test func `one sender's refused request costs the others nothing`() throws {
        let fixture = try BatchFixture(["send_batch_size": 3])
        fixture.sink.failNext(.permanent("bad"), .permanent("bad"))
        try fixture.send(1...1)
        try fixture.send(2...3)
        #expect(try fixture.deliveredSpanIDs() == [2, 3])
        #expect(fixture.test.account.droppedCount(by: "batch") == 1)
        #expect(fixture.test.verdicts.verdict(of: .test(1)) == .lost)
        #expect(fixture.test.verdicts.verdict(of: .test(2)) == nil)
        #expect(fixture.test.account.imbalance == nil)
    }

    @Test func `what the exporter took and gave up is not sent again, and is dropped once`() throws {
        let fixture = try BatchFixture(["send_batch_size": 2])
        fixture.sink.answerLater()
        try fixture.send(1...2)
        #expect(fixture.held == 2)
        #expect(fixture.test.account.imbalance == nil)
        fixture.sink.answer(.failure(.retryable("retries exhausted")))
        fixture.test.clock.advance(by: .seconds(60))
        #expect(fixture.sink.attempts == 1)
        let books = fixture.test.account.statement()
        #expect(books.dropped.filter { $0.count > 0 }.map(\.reason) == ["given up by the exporter"])
        #expect(fixture.test.account.droppedCount(by: "batch") == 2)
        #expect(fixture.test.account.imbalance == nil)
    }

    @Test(arguments: [false, true])
    func `items refused one by one are dropped once`(isLater: Bool) throws {
        let fixture = try BatchFixture(["send_batch_size": 5])
        let refusal = Refusal(count: 3, reason: "too old")
        if isLater { fixture.sink.answerLater() } else { fixture.sink.refuseItems(refusal) }
        try fixture.send(1...5)
        fixture.sink.answer(.success(refusal))
        let books = fixture.test.account.statement()
        #expect(books.dropped.filter { $0.count > 0 }.map(\.reason) == ["refused downstream"])
        #expect(books.forwarded == 2)
        #expect(fixture.test.account.imbalance == nil)
    }

    @Test func `room set aside counts, and is free again after a withdrawal`() throws {
        let fixture = try BatchFixture(["send_batch_size": 1])
        let batch = try Batch(signal: .traces, requests: tracesRequest((0..<10).map { TestSpan(.test($0)) }))
        let room = try fixture.processor.admit(batch)
        #expect(throws: DeliveryError.self) { try fixture.processor.admit(batch) }
        room.withdraw()
        #expect(fixture.held == 0)
        _ = try fixture.processor.admit(batch).commit()
        #expect(fixture.sizes == [10])
    }

    @Test(
        arguments: [
            ["metadata_keys": ["tenant"]], ["send_batch_size": 10, "send_batch_max_size": 5], ["timeout": "-1s"],
            ["send_batch_size": "many"], ["batch_size": 1],
        ] as [TestConfig])
    func `what cannot be meant is a mistake`(section: TestConfig) {
        #expect(BatchFactory().read(section).problems.count == 1)
    }
}
