package import CollectorCore
import Synchronization

extension Account {
    /// Says what is wrong with the books; nil when every received item is explained. Use:
    /// `#expect(account.imbalance == nil)`.
    package var imbalance: String? {
        let books = statement()
        guard books.residual != 0 || books.inside != 0 else { return nil }
        let drops = books.dropped.map { " - \($0.count) dropped by \($0.component) (\($0.reason))" }.joined()
        return "\(books.branch): \(books.received) received - \(books.refused) refused - \(books.forwarded) forwarded"
            + " - \(books.exposed) exposed - \(books.held) held\(drops) = \(books.residual), \(books.inside) inside"
    }

    /// The items that `component` dropped, for all reasons.
    package func droppedCount(by component: String) -> Int {
        statement().dropped.reduce(0) { $0 + ($1.component == component ? $1.count : 0) }
    }
}

/// The head and the tail of a pipeline as the service would make them: counts what comes in as received or refused, and
/// what the tail takes as forwarded.
package final class AccountedPipeline: Sendable {
    private let account: Account
    private let head: any Consumer

    /// - Parameter head: the first processor, made with `next: AccountedTail(account, consumer)`.
    package init(_ account: Account, head: any Consumer) {
        self.account = account
        self.head = head
    }

    /// Sends a batch through. A thrown error is counted as refused and thrown on.
    @discardableResult
    package func send(_ batch: Batch) throws(DeliveryError) -> Acceptance {
        account.received.add(batch.itemCount)
        do {
            return try head.consume(batch)
        } catch {
            account.refused.add(batch.itemCount)
            throw error
        }
    }
}

/// The end of a pipeline: counts what `next` takes as forwarded, and what it has not said its final word about as held.
package final class AccountedTail: Consumer {
    private let account: Account
    private let next: any Consumer
    private let pendingItems = Atomic<Int>(0)

    package init(_ account: Account, _ next: any Consumer) {
        self.account = account
        self.next = next
        account.addHolder { [weak self] in self?.pendingItems.load(ordering: .relaxed) ?? 0 }
    }

    package func admit(_ batch: Batch) throws(DeliveryError) -> any Admission {
        let admission = try next.admit(batch)
        let items = batch.itemCount
        return ClosureAdmission { [self] in
            let acceptance = admission.commit()
            switch acceptance {
            case .done(let refused): account.forwarded.add(items - (refused?.count ?? 0))
            case .pending(let completion):
                pendingItems.add(items, ordering: .relaxed)
                completion.whenFulfilled { [self] outcome in
                    pendingItems.subtract(items, ordering: .relaxed)
                    if case .success(let refused) = outcome { account.forwarded.add(items - (refused?.count ?? 0)) }
                }
            }
            return acceptance
        } withdraw: {
            admission.withdraw()
        }
    }
}

/// The head of a pipeline for tests that need a consumer: what it throws is counted as refused.
package final class AccountedHead: Consumer {
    private let pipeline: AccountedPipeline

    package init(_ account: Account, head: any Consumer) {
        pipeline = AccountedPipeline(account, head: head)
    }

    package func consume(_ batch: Batch) throws(DeliveryError) -> Acceptance { try pipeline.send(batch) }

    package func admit(_ batch: Batch) throws(DeliveryError) -> any Admission {
        let acceptance = try pipeline.send(batch)
        return ClosureAdmission { acceptance }
    }
}
