import CollectorCore
import CollectorProcessors
import CollectorTestKit
import Testing

/// A processor under the delivery contract.
struct ContractCase: Sendable, CustomTestStringConvertible {
    var factory: any ProcessorFactory
    var section: TestConfig
    var loss = AllowedLoss.poison { $0 % 29 == 0 }

    var testDescription: String { factory.type }

    /// Everything the processors do with traces; each loses only what it must.
    static let all = [
        ContractCase(factory: BatchFactory(), section: ["send_batch_size": 20, "timeout": "1s"]),
        ContractCase(
            factory: BatchFactory(), section: ["send_batch_size": 8, "send_batch_max_size": 8, "timeout": "1s"],
            loss: .counted),
        ContractCase(
            factory: TailSamplingFactory(),
            section: [
                "decision_wait": "2s", "policies": [["name": "all", "type": "always_sample"]],
            ], loss: .counted),
        ContractCase(
            factory: TailSamplingFactory(),
            section: [
                "decision_wait": "2s",
                "policies": [
                    ["name": "half", "type": "probabilistic", "probabilistic": ["sampling_percentage": 50]]
                ],
            ], loss: .counted),
        ContractCase(
            factory: ProbabilisticSamplerFactory(), section: ["sampling_percentage": 50], loss: .counted),
        ContractCase(factory: MemoryLimiterFactory(), section: ["check_interval": "1s", "limit_mib": 512]),
        ContractCase(factory: ExemplarsFactory(), section: [:]),
    ]

    func subject(seed: UInt64) throws -> ContractSubject {
        let (test, backend) = (TestContext(), UnreliableBackend(seed: seed))
        let next = UnreliableConsumer(backend)
        let processor = try Self.make(factory, section, test, AccountedTail(test.account, next))
        var subject = ContractSubject(
            component: processor, entry: AccountedHead(test.account, head: processor), clock: test.clock,
            accounts: [test.account]
        ) { [backend.items] }
        subject.finalProblem = { next.openCount == 0 ? nil : "\(next.openCount) admissions were left open" }
        return subject
    }

    private static func make<Factory: ProcessorFactory>(
        _ factory: Factory, _ section: TestConfig, _ test: TestContext, _ next: any Consumer
    ) throws -> any ConsumingComponent {
        let (config, problems) = factory.read(section)
        try #require(problems.isEmpty, "\(problems)")
        return try factory.make(
            config, test.context(ComponentID(type: factory.type)), signal: .traces, next: next)
    }
}

@Suite struct ProcessorContractTests {
    @Test(arguments: ContractCase.all, [1, 2, 3])
    func `what a processor takes reaches an unreliable backend once, or is counted as dropped`(
        _ contract: ContractCase, _ seed: Int
    ) async throws {
        let seed = UInt64(seed)
        let violations = try await DeliveryContract(seed: seed, loss: contract.loss)
            .violations(of: contract.subject(seed: seed))
        #expect(violations == [])
    }

    @Test(arguments: ContractCase.all)
    func `a processor can be shut down without a start, twice`(_ contract: ContractCase) async throws {
        let violations = try await DeliveryContract(seed: 1).lifecycleViolations(of: contract.subject(seed: 1))
        #expect(violations == [])
    }
}
