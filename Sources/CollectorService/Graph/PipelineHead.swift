import CollectorCore

/// The entry of a pipeline: opens the books on each batch.
final class PipelineHead: Consumer {
    private let account: Account
    private let next: any Consumer

    init(account: Account, next: any Consumer) {
        self.account = account
        self.next = next
    }

    func consume(_ batch: Batch) throws(DeliveryError) -> Acceptance {
        account.received.add(batch.itemCount)
        do {
            return try account.whileInside(batch.itemCount) { () throws(DeliveryError) in
                settle(try next.consume(batch), batch)
            }
        } catch {
            account.refused.add(batch.itemCount)
            throw error
        }
    }

    func admit(_ batch: Batch) throws(DeliveryError) -> any Admission {
        let admission = try next.admit(batch)
        return ClosureAdmission {
            self.account.received.add(batch.itemCount)
            return self.account.whileInside(batch.itemCount) { self.settle(admission.commit(), batch) }
        } withdraw: {
            admission.withdraw()
        }
    }

    /// What the client is told of as refused is refused in the books; who holds pending items counts them.
    private func settle(_ acceptance: Acceptance, _ batch: Batch) -> Acceptance {
        account.settle(acceptance, holding: 0) { [account] outcome in
            switch outcome {
            case .success(let refused): account.refused.add(min(refused?.count ?? 0, batch.itemCount))
            case .failure: account.refused.add(batch.itemCount)
            }
        }
        return acceptance
    }
}
