import CollectorCore
import CollectorProcessors
import CollectorTestKit
import OTLPWire
import Testing

@Suite struct MemoryLimiterTests {
    private let factory = MemoryLimiterFactory(total: 1000 << 20)

    private func make(
        _ section: TestConfig, _ test: TestContext, _ sink: RecordingConsumer
    ) throws -> AccountedPipeline {
        let (config, problems) = factory.read(section)
        try #require(problems.isEmpty)
        let processor = try factory.make(
            config, test.context(ComponentID(type: "memory_limiter")), signal: .traces,
            next: AccountedTail(test.account, sink))
        return AccountedPipeline(test.account, head: processor)
    }

    @Test func `the byte budget is lowered to the limits, never raised`() {
        let test = TestContext(budgetBytes: 500 << 20)
        #expect(test.budget.softLimitBytes == 500 << 20)
        test.budget.lowerLimits(to: factory.read(["limit_mib": 100, "check_interval": "1s"]).config.memoryLimits)
        #expect((test.budget.limitBytes, test.budget.softLimitBytes) == (100 << 20, 80 << 20))
        test.budget.lowerLimits(to: factory.read(["limit_percentage": 90]).config.memoryLimits)
        #expect((test.budget.limitBytes, test.budget.softLimitBytes) == (100 << 20, 80 << 20))
    }

    @Test(
        arguments: [
            (["limit_mib": 100], 80), (["limit_mib": 100, "spike_limit_mib": 40], 60), (["limit_percentage": 50], 400),
            (["limit_percentage": 50, "spike_limit_percentage": 20], 300),
            (["limit_mib": 100, "limit_percentage": 50, "spike_limit_percentage": 40], 80),
        ] as [(TestConfig, Int)])
    func `the soft limit is the limit less the spike, a fifth by default`(section: TestConfig, mebibytes: Int) {
        #expect(factory.read(section).config.softLimit == mebibytes << 20)
    }

    @Test func `above the soft limit data is refused with a delay, below it passes again`() throws {
        let test = TestContext(budgetBytes: 500 << 20)
        let sink = RecordingConsumer()
        let pipeline = try make(["limit_mib": 100], test, sink)
        var held: ByteReservation? = try test.budget.reserve(81 << 20)
        #expect {
            try pipeline.send(.traces(TestSpan(.test(1)), TestSpan(.test(2))))
        } throws: { error in
            guard let error = error as? DeliveryError else { return false }
            return error.isRetryable && error.retryAfter != nil && error.code == .resourceExhausted
        }
        #expect(held != nil)
        held = nil
        try pipeline.send(.traces(TestSpan(.test(1))))
        #expect(sink.itemCount == 1)
        #expect(test.metric("otelcol_processor_memory_limiter_refused_spans") == 2)
        #expect(test.metric("otelcol_processor_memory_limiter_accepted_spans") == 1)
        #expect(test.account.imbalance == nil)
    }

    @Test(
        arguments: [
            [:], ["limit_mib": 0], ["limit_mib": 100, "spike_limit_mib": 100], ["limit_percentage": 101],
            ["limit_percentage": 50, "spike_limit_percentage": 60], ["limit_mb": 100, "limit_mib": 1],
        ] as [TestConfig])
    func `what cannot be meant is a mistake`(section: TestConfig) {
        #expect(factory.read(section).problems.count == 1)
    }
}
