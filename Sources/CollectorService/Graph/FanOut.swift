import CollectorCore

/// Gives a batch to several consumers: all of them or none. Room is set aside in each before any of them takes it, so
/// that a full one does not make the client send again what the others already have.
final class FanOut: Consumer {
    private let branches: [any Consumer]

    init(_ branches: [any Consumer]) {
        self.branches = branches
    }

    func admit(_ batch: Batch) throws(DeliveryError) -> any Admission {
        var admissions: [any Admission] = []
        for branch in branches {
            do {
                admissions.append(try branch.admit(batch))
            } catch {
                for admission in admissions { admission.withdraw() }
                throw error
            }
        }
        return FanOutAdmission(admissions: admissions)
    }
}

private struct FanOutAdmission: Admission {
    let admissions: [any Admission]

    func commit() -> Acceptance {
        let acceptances = admissions.map { $0.commit() }
        var refused: Refusal?
        var pending: [Completion] = []
        for acceptance in acceptances {
            switch acceptance {
            case .done(let refusal): refused = Refusal.larger(refused, refusal)
            case .pending(let completion): pending.append(completion)
            }
        }
        if pending.isEmpty { return .done(refused: refused) }
        return .pending(Completion.all(pending, refused: refused, combine: Refusal.larger))
    }

    func withdraw() {
        for admission in admissions { admission.withdraw() }
    }
}
