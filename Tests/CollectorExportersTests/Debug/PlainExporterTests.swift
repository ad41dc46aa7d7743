import CollectorCore
import CollectorTestKit
import Testing

@testable import CollectorExporters

/// The exporters without a backend: debug and nop, and what shows instead of sending.
@Suite struct PlainExporterTests {
    @Test(arguments: Signal.allCases)
    func `nop takes everything and calls it forwarded`(_ signal: Signal) async throws {
        let test = TestContext(signal: signal)
        let factory = NopExporterFactory()
        let exporter = try factory.make((), test.context(ComponentID(type: "nop")), signal: signal)
        try AccountedPipeline(test.account, head: exporter).send(batch(signal))
        #expect(test.account.statement().forwarded == 2)
        #expect(test.account.imbalance == nil)
        #expect(factory.read(["verbosity": "basic"]).problems.count == 1)
    }

    @Test(arguments: Signal.allCases)
    func `debug says how much passed and counts it as forwarded`(_ signal: Signal) async throws {
        let test = TestContext(signal: signal)
        let factory = DebugExporterFactory()
        let exporter = try factory.make(
            factory.read(nil).config, test.context(ComponentID(type: "debug")), signal: signal)
        try await exporter.start()
        try AccountedPipeline(test.account, head: exporter).send(batch(signal))
        await exporter.shutdown(deadline: 0)
        #expect(test.log.lines.contains { $0.contains("2 \(signal.itemName)") })
        #expect(test.account.statement().forwarded == 2)
        #expect(test.account.imbalance == nil)
    }

    @Test func `debug reads its verbosity and refuses others`() {
        let factory = DebugExporterFactory()
        #expect(factory.read(["verbosity": "detailed", "sampling_initial": 2]).problems == [])
        #expect(factory.read(["verbosity": "loud"]).problems.first?.contains("detailed") == true)
        #expect(factory.read(["verbose": "basic"]).problems.first?.contains("verbosity") == true)
    }

    @Test func `debug and nop keep the delivery contract`() async throws {
        let debug = DebugExporterFactory()
        let makers: [(TestContext) throws -> any ConsumingComponent] = [
            { try debug.make(debug.read(nil).config, $0.context(ComponentID(type: "debug")), signal: .traces) },
            { try NopExporterFactory().make((), $0.context(ComponentID(type: "nop")), signal: .traces) },
        ]
        for make in makers {
            let test = TestContext()
            let recorder = UnreliableBackend(seed: 1)
            let exporter = try make(test)
            // Neither shows what it took, so what enters is what is delivered.
            let subject = ContractSubject(
                component: exporter, entry: TappedConsumer(AccountedHead(test.account, head: exporter), recorder),
                clock: test.clock, accounts: [test.account]
            ) { [recorder.items] }
            #expect(try await DeliveryContract(seed: 1, loss: .counted).violations(of: subject) == [])
            #expect(test.account.statement().forwarded == recorder.items.count)
        }
    }

    private func batch(_ signal: Signal) throws -> Batch {
        switch signal {
        case .traces: try .numbered(1...2)
        case .metrics: try .metrics(TestMetric("up", .gauge([.init(value: 1), .init(value: 2)])))
        case .logs: try Batch(signal: .logs, requests: logsRequest(["a", "b"]))
        }
    }
}

/// Notes what a consumer takes.
private final class TappedConsumer: Consumer {
    private let consumer: any Consumer
    private let recorder: UnreliableBackend

    init(_ consumer: any Consumer, _ recorder: UnreliableBackend) {
        self.consumer = consumer
        self.recorder = recorder
    }

    func admit(_ batch: Batch) throws(DeliveryError) -> any Admission {
        let admission = try consumer.admit(batch)
        recorder.take(batch.itemNumbers)
        return admission
    }
}
