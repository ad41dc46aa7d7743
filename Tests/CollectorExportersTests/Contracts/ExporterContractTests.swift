import CollectorCore
import CollectorTestKit
import Testing

@testable import CollectorExporters

/// Settings of a queued exporter under the delivery contract.
struct QueueCase: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var change: @Sendable (inout QueuedExporter.Settings) -> Void
    var loss = AllowedLoss.poison { $0 % 29 == 0 }

    static let all = [
        QueueCase(testDescription: "defaults") { _ in },
        QueueCase(testDescription: "small queue") {
            $0.queue.size = 3
            $0.queue.consumers = 2
        },
        QueueCase(testDescription: "small queue of items") {
            $0.queue.sizer = .items
            $0.queue.size = 4
            $0.queue.consumers = 1
        },
        QueueCase(testDescription: "block_on_overflow") {
            $0.queue.size = 2
            $0.queue.consumers = 1
            $0.queue.blocksOnOverflow = true
        },
        QueueCase(testDescription: "wait_for_result") { $0.queue.waitsForResult = true },
        QueueCase(testDescription: "no queue") { $0.queue.isEnabled = false },
        QueueCase(testDescription: "no retries", change: { $0.retry.isEnabled = false }, loss: .counted),
    ]

    func subject(seed: UInt64) -> ContractSubject {
        let backend = UnreliableBackend(seed: seed)
        let transport = ScriptedTransport { request in
            let items = request.spanIDs
            if let error = backend.refusal(of: items) { return .failure(error) }
            backend.take(items)
            return .success(nil)
        }
        let fixture = QueuedExporterFixture(transport) { settings in
            settings.compression = .gzip
            settings.retry.maximumElapsed = .zero
            change(&settings)
        }
        return ContractSubject(
            component: fixture.exporter, entry: AccountedHead(fixture.test.account, head: fixture.exporter),
            clock: fixture.test.clock, accounts: [fixture.test.account]
        ) { [backend.items] }
    }
}

@Suite struct ExporterContractTests {
    @Test(arguments: QueueCase.all, [1, 2, 3])
    func `what an exporter takes reaches an unreliable backend once, or is counted as dropped`(
        _ queue: QueueCase, _ seed: Int
    ) async throws {
        let violations = try await DeliveryContract(seed: UInt64(seed), loss: queue.loss)
            .violations(of: queue.subject(seed: UInt64(seed)))
        #expect(violations == [])
    }

    @Test(arguments: QueueCase.all, [4, 5])
    func `one sender's poison costs no other sender of a merged batch anything`(
        _ queue: QueueCase, _ seed: Int
    ) async throws {
        var contract = DeliveryContract(seed: UInt64(seed), loss: queue.loss)
        contract.largestMerge = 6
        // One consumer with a long backlog and a wait for every second try needs its time.
        contract.shutdownTime = .seconds(36_000)
        let violations = try await contract.violations(of: queue.subject(seed: UInt64(seed)))
        #expect(violations == [])
    }

    @Test(arguments: QueueCase.all)
    func `an exporter can be shut down without a start, twice`(_ queue: QueueCase) async throws {
        #expect(try await DeliveryContract(seed: 1).lifecycleViolations(of: queue.subject(seed: 1)) == [])
    }

    @Test func `an exporter whose backend never answers drops everything at the deadline, counted`() async throws {
        let fixture = QueuedExporterFixture(ScriptedTransport { _ in nil }) { $0.queue.consumers = 2 }
        for id in 1...5 as ClosedRange<UInt64> { try fixture.send(id...id) }
        await fixture.test.clock.shutDown(fixture.exporter, within: .seconds(8))
        #expect(fixture.dropped == ["not delivered before shutdown": 5])
        #expect(fixture.books.held == 0)
        #expect(fixture.test.account.imbalance == nil)
        #expect(fixture.transport.isClosed)
        // An answer that comes all the same changes nothing in the books.
        fixture.transport.answer()
        #expect(fixture.books.forwarded == 0)
        #expect(fixture.test.account.imbalance == nil)
    }
}
