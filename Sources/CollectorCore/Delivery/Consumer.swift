/// Whatever takes batches: a processor, an exporter, the head of a pipeline.
///
/// Called on the thread that received the batch; must not block. Ownership of the items passes with the call: once
/// `consume` has returned, the consumer answers for them (delivers, or counts them as dropped), once it has thrown,
/// they are still the caller's.
package protocol Consumer: AnyObject, Sendable {
    /// Takes the batch, or throws why not; nothing of it has been taken then.
    func consume(_ batch: Batch) throws(DeliveryError) -> Acceptance

    /// First half of `consume`, for a fan-out that must know that every branch has room before any of them takes
    /// the batch: sets room aside. Throws what `consume` would throw.
    func admit(_ batch: Batch) throws(DeliveryError) -> any Admission
}

extension Consumer {
    package func consume(_ batch: Batch) throws(DeliveryError) -> Acceptance {
        try admit(batch).commit()
    }
}

/// Room set aside by `Consumer.admit`. Exactly one of the two calls follows, once.
package protocol Admission: Sendable {
    /// Takes the batch into the room set aside; cannot be refused any more.
    func commit() -> Acceptance
    /// Gives the room back untouched.
    func withdraw()
}

/// An admission made of two closures; for consumers whose room is a place in a queue.
package struct ClosureAdmission: Admission {
    private let onCommit: @Sendable () -> Acceptance
    private let onWithdraw: @Sendable () -> Void

    package init(
        commit: @escaping @Sendable () -> Acceptance, withdraw: @escaping @Sendable () -> Void = {}
    ) {
        onCommit = commit
        onWithdraw = withdraw
    }

    package func commit() -> Acceptance { onCommit() }
    package func withdraw() { onWithdraw() }
}
