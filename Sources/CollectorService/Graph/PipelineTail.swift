import CollectorCore

/// The end of a pipeline, in front of its exporters: closes the pipeline's books on a batch. Items whose outcome is not
/// known yet are held.
final class PipelineTail: Consumer {
    private let account: Account
    private let exporters: any Consumer

    init(account: Account, exporters: any Consumer) {
        self.account = account
        self.exporters = exporters
    }

    func consume(_ batch: Batch) throws(DeliveryError) -> Acceptance {
        settle(try exporters.consume(batch), batch)
    }

    func admit(_ batch: Batch) throws(DeliveryError) -> any Admission {
        let admission = try exporters.admit(batch)
        return ClosureAdmission {
            self.settle(admission.commit(), batch)
        } withdraw: {
            admission.withdraw()
        }
    }

    private func settle(_ acceptance: Acceptance, _ batch: Batch) -> Acceptance {
        account.settle(acceptance, holding: batch.itemCount) { [account] outcome in
            guard case .success(let refused) = outcome else { return }
            account.forwarded.add(batch.itemCount - min(refused?.count ?? 0, batch.itemCount))
        }
        return acceptance
    }
}

/// The way into one exporter: opens the exporter's books on a batch.
final class ExporterEntry: Consumer {
    private let account: Account
    private let exporter: any Consumer

    init(account: Account, exporter: any Consumer) {
        self.account = account
        self.exporter = exporter
    }

    func consume(_ batch: Batch) throws(DeliveryError) -> Acceptance {
        let acceptance = try exporter.consume(batch)
        account.received.add(batch.itemCount)
        return acceptance
    }

    func admit(_ batch: Batch) throws(DeliveryError) -> any Admission {
        let admission = try exporter.admit(batch)
        return ClosureAdmission {
            self.account.received.add(batch.itemCount)
            return admission.commit()
        } withdraw: {
            admission.withdraw()
        }
    }
}
