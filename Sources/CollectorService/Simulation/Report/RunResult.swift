package import CollectorCore

/// One policy's share of a run.
package struct PolicyResult: Sendable, Equatable {
    /// Nil for decisions that no policy made: traces that none wanted.
    package var policy: String?
    package var isShadow = false
    /// Decisions that this policy made.
    package var keptTraces = 0
    package var droppedTraces = 0
    /// Of the traces it kept, as they were when it did.
    package var keptSpans = 0
    package var keptBytes = 0
    /// What it said whenever it was asked, deciding or not.
    package var votes: [TraceDecision.Vote.Answer: Int] = [:]
    /// Of a policy made of others (`composite`): what each part let in, as `policy/part`, in the order in which they
    /// first did. Their votes are those of the policy that they were for.
    package var parts: [PolicyResult] = []

    /// How it is shown.
    package var name: String { policy ?? "(none)" }

    /// Books a decision that this policy made.
    mutating func note(_ decision: TraceDecision) {
        guard decision.isKept else {
            droppedTraces += 1
            return
        }
        keptTraces += 1
        keptSpans += decision.spanCount
        keptBytes += decision.byteCount
        guard let part = decision.votes.first(where: { $0.policy == policy })?.part else { return }
        changePart(part) { $0.note(decision) }
    }

    /// Books what the policy said.
    mutating func note(_ vote: TraceDecision.Vote) {
        isShadow = vote.isShadow
        votes[vote.answer, default: 0] += 1
        guard let part = vote.part else { return }
        changePart(part) { $0.votes[vote.answer, default: 0] += 1 }
    }

    private mutating func changePart(_ part: String, _ change: (inout PolicyResult) -> Void) {
        let name = "\(name)/\(part)"
        if let known = parts.firstIndex(where: { $0.policy == name }) { return change(&parts[known]) }
        var new = PolicyResult(policy: name, isShadow: isShadow)
        change(&new)
        parts.append(new)
    }
}

/// What one configuration did with the captures.
package struct RunResult: Sendable {
    package var label: String
    /// Traces of which at least one span came out.
    package var keptTraces: Int
    package var keptSpans: Int
    /// As OTLP requests, uncompressed.
    package var keptBytes: Int
    package var rates: KeptRates
    package var policies: [PolicyResult]
    /// Decisions by what made it time for them.
    package var triggers: [(key: String, value: Int)]
    /// Traces that the tail sampler never decided about, since a sampler before it had dropped them.
    package var undecidedTraces: Int
    /// Spans that the samplers did not take.
    package var refusedSpans: Int

    package func policy(_ name: String) -> PolicyResult? { policies.first { $0.policy == name } }
}
