import CollectorCore
import Testing

@Suite struct LedgerTests {
    @Test func `the residual is what the books cannot explain`() {
        let account = Account(signal: .logs, branch: "b")
        account.received.add(10)
        account.refused.add(1)
        account.forwarded.add(2)
        account.exposed.add(3)
        account.dropped("c", "r").add(1)
        #expect(account.statement().residual == 3)
        account.addHolder { 1 }
        account.addHolder { 2 }
        #expect(account.statement().held == 3)
        #expect(account.statement().residual == 0)
    }

    @Test func `drops of one component and reason share a counter`() {
        let account = Account(signal: .logs, branch: "b")
        account.dropped("c", "r").add(1)
        account.dropped("c", "r").add(2)
        account.dropped("c", "other").add(4)
        #expect(account.statement().dropped.map(\.count) == [3, 4])
    }

    @Test func `items inside a call are seen while it lasts, also when it throws`() {
        let account = Account(signal: .logs, branch: "b")
        #expect(account.whileInside(5) { account.statement().inside } == 5)
        #expect(throws: DeliveryError.self) {
            try account.whileInside(5) { () throws(DeliveryError) in throw .permanent("no") }
        }
        #expect(account.statement().inside == 0)
    }

    @Test func `accounts are told in the order they were opened`() {
        let ledger = Ledger()
        for name in ["a", "b"] { _ = ledger.open(signal: .traces, branch: name) }
        #expect(ledger.statements().map(\.branch) == ["a", "b"])
    }
}
