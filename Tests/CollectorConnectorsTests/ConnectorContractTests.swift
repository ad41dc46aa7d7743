import CollectorConnectors
import CollectorCore
import CollectorTestKit
import Synchronization
import Testing

/// Refuses two calls of three for now.
private final class FlakyConsumer: Consumer {
    private let next: RecordingConsumer
    private let calls = Mutex(0)

    init(_ next: RecordingConsumer) { self.next = next }

    func admit(_ batch: Batch) throws(DeliveryError) -> any Admission {
        let call = calls.withLock { calls in
            calls += 1
            return calls
        }
        if call % 3 != 0 { throw .retryable("not now") }
        return try next.admit(batch)
    }
}

/// What goes into a connector is counted exactly once, while the metrics it makes are refused time and again.
@Suite struct ConnectorContractTests {
    private func subject<Factory: ConnectorFactory>(
        _ factory: Factory, _ section: TestConfig, delivered: @escaping @Sendable (RecordingConsumer) throws -> UInt64
    ) throws -> ContractSubject {
        let context = TestContext()
        let sink = RecordingConsumer()
        let (config, problems) = factory.read(section)
        try #require(problems == [])
        let connector = try factory.make(
            config, context.context(ComponentID(type: factory.type)), signal: .traces,
            next: [.metrics: FlakyConsumer(sink)])
        return ContractSubject(
            component: connector, entry: AccountedHead(context.account, head: connector), clock: context.clock,
            accounts: [context.account],
            // Items are numbered from 1, and all are taken.
            delivered: { [Array(1...max(1, try delivered(sink)))] })
    }

    private func check(_ subject: () throws -> ContractSubject) async throws {
        for seed in UInt64(1)...3 {
            let contract = DeliveryContract(seed: seed, loss: .poison { _ in false })
            #expect(try await contract.violations(of: subject()) == [])
            #expect(try await contract.lifecycleViolations(of: subject()) == [])
        }
    }

    @Test func `span_metrics with running counts`() async throws {
        try await check {
            try subject(SpanMetricsFactory(), ["metrics_flush_interval": "1s"]) { sink in
                try sink.total("traces.span.metrics.calls")
            }
        }
    }

    @Test func `span_metrics with deltas`() async throws {
        let section: TestConfig = [
            "metrics_flush_interval": "1s", "aggregation_temporality": "AGGREGATION_TEMPORALITY_DELTA",
        ]
        try await check {
            try subject(SpanMetricsFactory(), section) { sink in
                try sink.points().reduce(0) { $0 + ($1.metric == "traces.span.metrics.calls" ? $1.count : 0) }
            }
        }
    }

    @Test func `service_graph`() async throws {
        try await check {
            try subject(ServiceGraphFactory(), ["metrics_flush_interval": "1s"]) { sink in
                try sink.total("traces_service_graph_request_total")
            }
        }
    }
}
