import CollectorCore
import Synchronization

/// `linked`: traces that a span link of a kept trace leads to, while they are still undecided.
///
/// Whichever of the two came first, in one request or many and in whatever shards: a trace whose time is over, and which
/// no policy drops or wants for certain, is held while an undecided trace in the window has a link to it. It is decided
///
/// - kept, if the budget allows, as soon as one of those has been kept;
/// - as usual when none of them can be kept any more, and after another `decision_wait` at the latest: traces that have
///   links to each other wait as long as that;
/// - as usual at once under pressure of memory, by `num_traces` and by size.
///
/// What is kept for a link has its own links followed. A link is remembered for twice `decision_wait`, so a trace that
/// comes that much later than the one with the link is kept too. The first 128 links of a span count
/// (`SpanLinks.forEach`). Links to more traces than there is memory for (a thirty-second of the window, 90 bytes a trace)
/// push out the oldest ones; and a link that comes when the trace it leads to has been decided changes nothing.
struct LinkedSettings: PolicySettings {
    static let type = "linked"

    private let budget: Double

    init(_ section: ConfigReader) {
        budget = section.double("budget_per_second", default: 10, in: 0...Double.greatestFiniteMagnitude)
        if budget == 0 { section.error("budget_per_second", "must be more than 0, or no linked trace is ever kept") }
    }

    var needsWholeTrace: Bool { true }
    var takesAllowance: Bool { true }

    func makePolicy(_ builder: inout PolicyBuilder) -> any SamplingPolicy {
        LinkedPolicy(
            linkBit: builder.bit(.hasLinks), slot: builder.slot(),
            bucket: TokenBucket(perSecond: budget, capacity: max(1, budget)))
    }
}

/// Each trace takes one from the budget.
struct LinkedPolicy: SamplingPolicy {
    /// The place in `MatchSet` of traces that have links themselves.
    let linkBit: Int
    private let slot: Int
    private let bucket: SharedBucket

    init(linkBit: Int, slot: Int, bucket: TokenBucket) {
        self.linkBit = linkBit
        self.slot = slot
        self.bucket = SharedBucket(bucket)
    }

    func measure(_ trace: TraceFeatures, at now: UInt64, _ measured: inout Measurements) {
        measured[number: slot] = trace.isLinked ? bucket.tokens(at: now) : 0
    }

    func vote(on trace: TraceFeatures, _ measured: Measurements) -> Vote {
        trace.isLinked && measured[number: slot] >= 1 ? .sampled : .notSampled
    }

    func reason(_ trace: TraceFeatures, _ measured: Measurements) -> String {
        guard trace.isLinked else { return "no kept trace had linked to it" }
        return measured[number: slot] >= 1
            ? "a kept trace links to it" : "a kept trace links to it, but the budget is used up"
    }

    func letIn(_ trace: TraceFeatures, _ measured: Measurements, at now: UInt64) { bucket.take(1, at: now) }

    var takesAllowance: Bool { true }
    var measures: Bool { true }
}
