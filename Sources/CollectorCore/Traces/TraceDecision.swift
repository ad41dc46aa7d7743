package import OTLPWire

/// What a sampler decided about one trace, and why: for people and for simulations. Samplers keep it in a shorter form and
/// write it out when asked.
package struct TraceDecision: Sendable, Equatable {
    /// What one policy said.
    package struct Vote: Sendable, Equatable {
        package enum Answer: String, Sendable, CaseIterable {
            case sampled
            case notSampled = "not_sampled"
            case dropped
            /// The policy could not say; its vote did not count.
            case error
            /// An earlier policy had decided alone.
            case notAsked = "not_asked"

            /// Whether the policy wanted the trace sampled, or dropped: whether it found what it looks for.
            package var isFor: Bool { self == .sampled || self == .dropped }
        }

        package var policy: String
        package var answer: Answer
        /// Whether the policy only votes (`shadow: true`).
        package var isShadow: Bool
        /// What was measured, against what: `latency 412 ms < 500 ms`.
        package var reason: String
        /// The part of the policy that let the trace in (`composite`), as deep as it goes: `errors`, `inner/errors`.
        package var part: String?

        package init(policy: String, answer: Answer, isShadow: Bool, reason: String, part: String? = nil) {
            self.policy = policy
            self.answer = answer
            self.isShadow = isShadow
            self.reason = reason
            self.part = part
        }
    }

    /// The id of the component that decided.
    package var sampler: String
    package var traceID: TraceID
    package var isKept: Bool
    /// Nanoseconds since 1970-01-01 UTC.
    package var decidedAt: UInt64
    /// The name of the policy that kept or dropped the trace; nil when none wanted it, or when no policy was asked.
    package var policy: String?
    /// What made it time: `timeout`, `root`, `pressure`, `num_traces`, `too_large`, `span_ingest`, `shutdown`; `cache` when
    /// only the verdict is remembered, for late spans.
    package var trigger: String
    /// Of the trace as it was known when it was decided.
    package var spanCount: Int
    package var byteCount: Int
    /// Latest end less earliest start; 0 when every span ends before it starts.
    package var durationNanoseconds: UInt64
    /// `service.name` of the root span's resource; without a root, of the earliest span's.
    package var service: String
    /// The `th` that kept spans carry, in hexadecimal digits; nil when the decision gives none.
    package var threshold: String?
    /// The probability of that threshold.
    package var probability: Double?
    /// Spans that came after the decision and followed it.
    package var lateSpans: Int
    /// In the order of the configuration; empty when only the verdict is remembered.
    package var votes: [Vote]

    /// The record is forgotten, and what it said of the trace with it.
    package var isOnlyVerdict: Bool { trigger == Self.cache }

    /// The trigger of decisions of which only the verdict is remembered.
    package static let cache = "cache"

    package init(
        sampler: String, traceID: TraceID, isKept: Bool, decidedAt: UInt64, policy: String?, trigger: String,
        spanCount: Int = 0, byteCount: Int = 0, durationNanoseconds: UInt64 = 0, service: String = "",
        threshold: String? = nil, probability: Double? = nil, lateSpans: Int = 0, votes: [Vote] = []
    ) {
        self.sampler = sampler
        self.traceID = traceID
        self.isKept = isKept
        self.decidedAt = decidedAt
        self.policy = policy
        self.trigger = trigger
        self.spanCount = spanCount
        self.byteCount = byteCount
        self.durationNanoseconds = durationNanoseconds
        self.service = service
        self.threshold = threshold
        self.probability = probability
        self.lateSpans = lateSpans
        self.votes = votes
    }
}

/// Which decisions are asked for; what is nil does not matter.
package struct DecisionFilter: Sendable, Equatable {
    /// The policy that decided; of a shadow, the traces that it would have decided: those it voted for (`voter`).
    package var policy: String?
    /// A policy that voted to sample the trace, or to drop it, whoever decided.
    package var voter: String?
    package var service: String?
    package var isKept: Bool?

    package init(policy: String? = nil, voter: String? = nil, service: String? = nil, isKept: Bool? = nil) {
        self.policy = policy
        self.voter = voter
        self.service = service
        self.isKept = isKept
    }

    package func accepts(_ decision: TraceDecision) -> Bool {
        if let policy, policy != decision.policy,
            !decision.votes.contains(where: { $0.policy == policy && $0.isShadow && $0.answer.isFor })
        {
            return false
        }
        if let voter, !decision.votes.contains(where: { $0.policy == voter && $0.answer.isFor }) { return false }
        return (service == nil || service == decision.service) && (isKept == nil || isKept == decision.isKept)
    }
}
