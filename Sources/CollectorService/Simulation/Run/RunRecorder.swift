import CollectorCore
import OTLPWire
import Synchronization

/// What became of one trace in one run.
struct TraceOutcome {
    /// Position in the run's policies of the one that decided, plus 2; 1 when none wanted the trace, 0 when no decision was
    /// announced.
    var decider: UInt16 = 0
    /// By its decision.
    var isSampled = false
    /// Whether any of its spans came out.
    var isKept = false
}

/// Books what a run decides and what comes out of it.
final class RunRecorder: Sendable {
    private struct State {
        var outcomes: [TraceOutcome] = []
        var tally = PolicyTally()
        var meter = RateMeter()
        var keptTraces = 0

        mutating func outcome(at position: Int, _ change: (inout TraceOutcome) -> Void) {
            if position >= outcomes.count {
                outcomes += [TraceOutcome](repeating: TraceOutcome(), count: position - outcomes.count + 1)
            }
            change(&outcomes[position])
        }
    }

    private let roster: TraceRoster
    private let clock: VirtualClock
    private let begin: UInt64
    private let state = Mutex(State())

    init(roster: TraceRoster, clock: VirtualClock) {
        self.roster = roster
        self.clock = clock
        begin = clock.now()
    }

    /// Books decisions, for `DecisionLog.observe`.
    func note(_ decisions: [TraceDecision]) {
        state.withLock { state in
            for decision in decisions {
                let decider = state.tally.note(decision)
                guard let position = roster.position(of: decision.traceID) else { continue }
                state.outcome(at: position) { outcome in
                    // A trace may be decided again when its first decision is forgotten: what kept it stands.
                    if outcome.isSampled && !decision.isKept { return }
                    outcome.decider = decider
                    outcome.isSampled = decision.isKept
                }
            }
        }
    }

    /// Books spans that came out.
    func noteKept(_ batch: Batch) {
        let elapsed = clock.now() &- begin
        for segment in batch.segments {
            guard case .traces(let index) = segment.index else { continue }
            let bytes = index.isWhole ? segment.body.readableBytes : TraceWriter(index).size
            let positions = roster.positions(of: index.spans)
            state.withLock { state in
                state.meter.add(spans: index.spans.count, bytes: bytes, at: elapsed)
                for position in positions {
                    var isNew = false
                    state.outcome(at: position) { outcome in
                        isNew = !outcome.isKept
                        outcome.isKept = true
                    }
                    if isNew { state.keptTraces += 1 }
                }
            }
        }
    }

    /// What became of every trace, by its number in the roster.
    var outcomes: [TraceOutcome] {
        state.withLock { state in
            state.outcomes + [TraceOutcome](repeating: TraceOutcome(), count: roster.count - state.outcomes.count)
        }
    }

    func outcome(at position: Int) -> TraceOutcome {
        state.withLock { $0.outcomes.indices.contains(position) ? $0.outcomes[position] : TraceOutcome() }
    }

    /// The policy that a `TraceOutcome.decider` stands for; nil when there was none.
    func policy(_ decider: UInt16) -> String? {
        state.withLock { $0.tally.policy(decider) }
    }

    /// - Parameter duration: nanoseconds between the first and the last request.
    func result(_ label: String, over duration: UInt64, refusedSpans: Int) -> RunResult {
        state.withLock { state in
            RunResult(
                label: label, keptTraces: state.keptTraces, keptSpans: state.meter.spans,
                keptBytes: state.meter.bytes, rates: state.meter.rates(over: duration),
                policies: state.tally.results, triggers: state.tally.triggers.sorted { $0.key < $1.key },
                undecidedTraces: roster.count - state.outcomes.count { $0.decider > 0 }, refusedSpans: refusedSpans)
        }
    }
}

/// The end of a simulated pipeline.
final class KeptSpans: Consumer {
    private let recorder: RunRecorder

    init(_ recorder: RunRecorder) {
        self.recorder = recorder
    }

    func admit(_ batch: Batch) throws(DeliveryError) -> any Admission {
        ClosureAdmission {
            self.recorder.noteKept(batch)
            return .done()
        }
    }
}
