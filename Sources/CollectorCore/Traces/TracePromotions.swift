package import OTLPWire
import Synchronization

/// Somebody who has use for traces that no sampler's policy wants.
package protocol TracePromoter: AnyObject, Sendable {
    /// Shows spans that a sampler has just taken, before their traces are decided.
    func preview(_ batch: Batch)

    /// Whether a trace that is about to be dropped is to be kept after all. Called once per trace, under the sampler's
    /// lock: must be quick and wait for nobody who asks a sampler.
    func claims(_ trace: TraceID) -> Bool
}

/// Where samplers and those who have traces kept meet (`promote` of exemplars), without knowing of each other.
package final class TracePromotions: Sendable {
    private struct Member {
        weak let promoter: (any TracePromoter)?
    }

    private let members = Mutex<[Member]>([])
    private let hasMembers = Atomic(false)

    package init() {}

    /// Holds the promoter weakly.
    package func register(_ promoter: any TracePromoter) {
        members.withLock { $0.append(Member(promoter: promoter)) }
        hasMembers.store(true, ordering: .releasing)
    }

    package func preview(_ batch: Batch) {
        for promoter in promoters { promoter.preview(batch) }
    }

    /// Whether anybody wants a trace. A policy that drops traces is not to be overruled: ask only for those that no policy
    /// decided about.
    package func claims(_ trace: TraceID) -> Bool {
        promoters.contains { $0.claims(trace) }
    }

    /// Samplers ask for each trace: without promoters that costs a look at one word.
    private var promoters: [any TracePromoter] {
        guard hasMembers.load(ordering: .acquiring) else { return [] }
        return members.withLock { $0.compactMap(\.promoter) }
    }
}
