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
