import Synchronization

/// What is shown of a resource.
struct RenderedResource: Sendable {
    /// Of its series.
    let labels: SharedLabels
    /// Its target metadata; nil for a resource without attributes.
    let target: LabelSet?
    /// `job` and `instance`: there is one target metadata sample for each (conformance 123).
    let identity: [LabelPair]
    /// What was repaired to show it.
    let repairs: LabelRepairs
    fileprivate let charge: MemoryCharge

    init(_ attributes: ResourceAttributes, labeler: SeriesLabeler, charge: MemoryCharge) {
        self.charge = charge
        labels = labeler.resource(attributes)
        let (target, repairs) = labeler.target(attributes)
        self.target = attributes.attributes.isEmpty ? nil : target
        self.repairs = repairs
        identity = LabelSet(attributes.identity).pairs
    }
}

/// A resource that series belong to: what they have in common, and its target metadata.
final class ResourceRecord: Sendable {
    private let rendered: RenderedResource
    /// The order of appearance.
    let number: UInt64
    /// Series alive; without any the resource is not shown.
    let liveStreams = Atomic<Int>(0)
    /// When a point came last, in nanoseconds of the monotonic clock.
    let updated: Atomic<UInt64>
    /// Whether it has been counted that its target metadata is not shown.
    let isLeftOut = Atomic(false)

    init(_ rendered: RenderedResource, number: UInt64, now: UInt64) {
        self.rendered = rendered
        self.number = number
        updated = Atomic(now)
    }

    var labels: SharedLabels { rendered.labels }
    var target: LabelSet? { rendered.target }
    var identity: [LabelPair] { rendered.identity }

    func isShown(after cutoff: UInt64) -> Bool {
        liveStreams.load(ordering: .relaxed) > 0 && updated.load(ordering: .relaxed) > cutoff
    }

    /// Whether it has no series and nothing has come for it since `cutoff`.
    func isUnused(since cutoff: UInt64) -> Bool {
        liveStreams.load(ordering: .relaxed) <= 0 && updated.load(ordering: .relaxed) <= cutoff
    }
}
