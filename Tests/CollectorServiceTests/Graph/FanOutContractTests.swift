import CollectorCore
import CollectorTestKit
import Testing

@testable import CollectorService

/// A consumer as a component, for contracts.
private final class Wrapped: Component {
    func start() async throws(ComponentError) {}
    func shutdown(deadline: UInt64) async {}
}

@Suite struct FanOutContractTests {
    private func consumers(seed: UInt64) -> [UnreliableConsumer] {
        [UnreliableConsumer(UnreliableBackend(seed: seed)), UnreliableConsumer(UnreliableBackend(seed: seed + 100))]
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func `a branch that fails costs the other neither items nor duplicates`(_ seed: UInt64) async throws {
        let (test, branches) = (TestContext(), consumers(seed: seed))
        let fanOut = FanOut(branches.map { AccountedTail(Account(signal: .traces, branch: "branch"), $0) })
        var subject = ContractSubject(
            component: Wrapped(), entry: fanOut, clock: test.clock, accounts: []
        ) { branches.map { $0.backend.items } }
        subject.finalProblem = { branches.allSatisfy { $0.openCount == 0 } ? nil : "admissions were left open" }
        #expect(try await DeliveryContract(seed: seed).violations(of: subject) == [])
        #expect(branches[0].backend.items == branches[1].backend.items)
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func `a pipeline from head to tail keeps its books and those of each exporter`(_ seed: UInt64) async throws {
        let (test, branches) = (TestContext(), consumers(seed: seed))
        let accounts = ["a", "b"].map { test.ledger.open(signal: .traces, branch: "exporter \($0)") }
        let entries = zip(branches, accounts).map { branch, account in
            ExporterEntry(account: account, exporter: AccountedTail(account, branch))
        }
        let tail = PipelineTail(account: test.account, exporters: FanOut(entries))
        let subject = ContractSubject(
            component: Wrapped(), entry: PipelineHead(account: test.account, next: tail), clock: test.clock,
            accounts: [test.account] + accounts
        ) { branches.map { $0.backend.items } }
        #expect(try await DeliveryContract(seed: seed).violations(of: subject) == [])
        let books = test.ledger.statements()
        #expect(books.map(\.forwarded) == Array(repeating: branches[0].backend.items.count, count: 3))
    }

    @Test func `a head's room can be given back without a trace in the books`() throws {
        let (test, sink) = (TestContext(), RecordingConsumer())
        let head = PipelineHead(account: test.account, next: sink)
        try head.admit(.numbered(1...2)).withdraw()
        #expect(sink.openAdmissions == 0 && test.account.statement().received == 0)
        sink.refuseItems(Refusal(count: 1, reason: "late"))
        _ = try head.admit(.numbered(1...2)).commit()
        #expect(test.account.statement().received == 2 && test.account.statement().refused == 1)
    }

    @Test func `the answer of several branches waits for all and tells the largest refusal`() throws {
        let (first, second) = (RecordingConsumer(), RecordingConsumer())
        first.refuseItems(Refusal(count: 1, reason: "first"))
        second.refuseItems(Refusal(count: 2, reason: "second"))
        let fanOut = FanOut([first, second])
        guard case .done(let refused) = try fanOut.consume(.numbered(1...3)) else {
            Issue.record("nothing is pending")
            return
        }
        #expect(refused == Refusal(count: 2, reason: "second"))
    }
}
