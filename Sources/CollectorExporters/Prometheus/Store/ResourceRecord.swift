import Synchronization

/// A resource that series belong to: what they have in common, and its target metadata.
final class ResourceRecord: Sendable {
    let labels: SharedLabels
    /// Nil for a resource without attributes.
    let target: LabelSet?
    /// `job` and `instance`: there is one target metadata sample for each (conformance 123).
    let identity: [LabelPair]
    /// The order of appearance.
    let number: UInt64
    /// Series alive; without any the resource is not shown.
    let liveStreams = Atomic<Int>(0)
    /// When a point came last, in nanoseconds of the monotonic clock.
    let updated: Atomic<UInt64>
    private let charge: MemoryCharge

    /// What was repaired to show it.
    let repairs: LabelRepairs

    init(_ attributes: ResourceAttributes, labeler: SeriesLabeler, number: UInt64, now: UInt64, charge: MemoryCharge) {
        self.charge = charge
        labels = labeler.resource(attributes)
        let (target, repairs) = labeler.target(attributes)
        self.target = attributes.attributes.isEmpty ? nil : target
        self.repairs = repairs
        identity = LabelSet(attributes.identity).pairs
        self.number = number
        updated = Atomic(now)
    }

    func isShown(after cutoff: UInt64) -> Bool {
        liveStreams.load(ordering: .relaxed) > 0 && updated.load(ordering: .relaxed) > cutoff
    }
}
