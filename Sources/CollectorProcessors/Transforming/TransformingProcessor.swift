package import CollectorCore

/// What a processor does that holds nothing: it makes one batch of another.
package protocol BatchTransform: Sendable {
    /// What is to be counted or remembered once the batch is taken.
    associatedtype Effect: Sendable

    /// Makes the batch to hand on, which may be the same one or empty, or throws why the pipeline must not take it.
    /// Changes nothing else: the batch may be refused downstream and come again.
    func transform(_ batch: Batch) throws(DeliveryError) -> (batch: Batch, effect: Effect)

    /// Called after downstream has taken the batch, or when nothing of it is left to hand on.
    func taken(_ effect: Effect)
}

/// A processor without a buffer: the delivery contract for a `BatchTransform`.
package final class TransformingProcessor<Transform: BatchTransform>: ConsumingComponent {
    private let transform: Transform
    private let account: Account
    private let next: any Consumer

    package init(_ transform: Transform, account: Account, next: any Consumer) {
        self.transform = transform
        self.account = account
        self.next = next
    }

    package func start() async throws(ComponentError) {}
    package func shutdown(deadline: UInt64) async {}

    package func consume(_ batch: Batch) throws(DeliveryError) -> Acceptance {
        let (result, effect) = try transform.transform(batch)
        guard !result.isEmpty else {
            transform.taken(effect)
            return .done()
        }
        return settle(try next.consume(result), effect, leftOut: batch.itemCount - result.itemCount)
    }

    package func admit(_ batch: Batch) throws(DeliveryError) -> any Admission {
        let (result, effect) = try transform.transform(batch)
        let room = result.isEmpty ? nil : try next.admit(result)
        return ClosureAdmission {
            self.settle(room?.commit() ?? .done(), effect, leftOut: batch.itemCount - result.itemCount)
        } withdraw: {
            room?.withdraw()
        }
    }

    /// The effect counts once the batch is delivered; a failure brings the whole batch back, also what was left out.
    private func settle(_ acceptance: Acceptance, _ effect: Transform.Effect, leftOut: Int) -> Acceptance {
        account.settle(acceptance, holding: max(0, leftOut)) { [transform] outcome in
            if case .success = outcome { transform.taken(effect) }
        }
        return acceptance
    }
}
