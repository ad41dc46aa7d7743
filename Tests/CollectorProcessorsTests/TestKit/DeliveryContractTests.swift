import CollectorCore
import CollectorTestKit
import Synchronization
import Testing

/// The contract checker must see what it is there to see.
@Suite struct DeliveryContractTests {
    /// A component that breaks the contract in one way.
    private final class Broken: ConsumingComponent {
        enum Way: Sendable {
            case loses, duplicates, deliversWhatItRefuses, deliversOthersData, neverAnswers, holdsForEver
        }

        private let way: Way
        private let account: Account
        private let backend: UnreliableBackend
        private let count = Atomic<Int>(0)

        init(_ way: Way, _ account: Account, _ backend: UnreliableBackend) {
            self.way = way
            self.account = account
            self.backend = backend
            if way == .holdsForEver { account.addHolder { [weak self] in self?.count.load(ordering: .relaxed) ?? 0 } }
        }

        func start() async throws(ComponentError) {}
        func shutdown(deadline: UInt64) async {}

        func admit(_ batch: Batch) throws(DeliveryError) -> any Admission {
            let isOdd = count.add(1, ordering: .relaxed).newValue % 10 == 3
            if isOdd, way == .deliversWhatItRefuses {
                backend.take(batch.itemNumbers)
                throw .permanent("refused")
            }
            return ClosureAdmission { [self] in commit(batch, isOdd) }
        }

        private func commit(_ batch: Batch, _ isOdd: Bool) -> Acceptance {
            account.forwarded.add(batch.itemCount)
            switch (way, isOdd) {
            case (.loses, true): return .done()
            case (.duplicates, true): backend.take(batch.itemNumbers)
            case (.deliversOthersData, true): backend.take([1_000_000])
            default: break
            }
            backend.take(batch.itemNumbers)
            return way == .neverAnswers && isOdd ? .pending(Completion()) : .done()
        }
    }

    private func violations(_ way: Broken.Way) async throws -> [String] {
        let (test, backend) = (TestContext(), UnreliableBackend(seed: 1))
        let broken = Broken(way, test.account, backend)
        let subject = ContractSubject(
            component: broken, entry: AccountedHead(test.account, head: broken), clock: test.clock,
            accounts: [test.account]
        ) { [backend.items] }
        return try await DeliveryContract(seed: 1).violations(of: subject)
    }

    @Test(
        arguments: [
            (.loses, "accepted items, 0 are counted as dropped"), (.loses, "for others' poison"),
            (.duplicates, "more than once"), (.deliversWhatItRefuses, "that were refused"),
            (.deliversOthersData, "that nobody sent"), (.neverAnswers, "promised answers never came"),
            (.holdsForEver, "still holds"), (.holdsForEver, "between requests"),
        ] as [(Broken.Way, String)])
    private func `a component that breaks the contract is found out`(_ way: Broken.Way, _ finding: String) async throws
    {
        let found = try await violations(way)
        #expect(found.contains { $0.contains(finding) }, "\(found)")
    }
}
