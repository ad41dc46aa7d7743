// What was decided about traces, for whoever meets one of them later: late spans, exemplars, log records.
//
// Two generations of hash sets keyed by the trace id; when the young one has lived for the retention time it becomes the old
// one and the old one goes. A verdict is therefore remembered for at least one and at most two retention times, or until a
// generation is full.

package import OTLPWire
import Synchronization

/// What became of a trace.
package enum TraceVerdict: UInt8, Sendable {
    /// Kept and handed to every exporter.
    case kept
    case dropped
    /// Kept, but an exporter gave it up later: nothing may refer to it any more.
    case lost
}

/// Recent verdicts by trace id. Safe from any thread.
package final class TraceVerdicts: Sendable {
    package typealias Observer = @Sendable (_ traces: [TraceID], _ verdict: TraceVerdict) -> Void

    private struct State {
        var young: [TraceID: TraceVerdict] = [:]
        var old: [TraceID: TraceVerdict] = [:]
        var youngSince: UInt64
        var retention: UInt64
        var observers: [Observer] = []
        var hasReader = false
        var decisionWait: UInt64?

        func verdict(of trace: TraceID) -> TraceVerdict? { young[trace] ?? old[trace] }

        mutating func set(_ trace: TraceID, _ verdict: TraceVerdict, now: UInt64, capacity: Int) {
            if now &- youngSince >= retention || young.count >= capacity {
                old = young
                young = [:]
                youngSince = now
            }
            young[trace] = verdict
        }
    }

    /// Where verdicts can be asked for before they are made.
    package let promotions = TracePromotions()

    private let capacity: Int
    private let clock: any CollectorClock
    private let state: Mutex<State>

    /// - Parameter capacity: verdicts kept per generation; about 50 bytes each.
    package init(clock: any CollectorClock, retention: Duration = .seconds(120), capacity: Int = 500_000) {
        self.clock = clock
        self.capacity = capacity
        state = Mutex(State(youngSince: clock.now(), retention: retention.nanoseconds))
    }

    /// Whether some sampler decides about traces; without one every trace is kept.
    package var hasSampler: Bool { state.withLock { $0.decisionWait != nil } }

    /// The longest time, in nanoseconds, that a sampler lets a trace wait for its verdict; 0 when all decide at once, nil
    /// without samplers.
    package var decisionWait: UInt64? { state.withLock { $0.decisionWait } }

    /// Whether anybody hears of verdicts or asks for them. Samplers need not record them otherwise.
    package var isWanted: Bool { state.withLock { !$0.observers.isEmpty || $0.hasReader } }

    /// Whether somebody hears of verdicts, and so lets exemplars wait for them.
    package var isObserved: Bool { state.withLock { !$0.observers.isEmpty } }

    /// Announces somebody who will ask for verdicts.
    package func addReader() { state.withLock { $0.hasReader = true } }

    /// Announces a sampler; verdicts are remembered for at least twice `decisionWait`.
    package func addSampler(decisionWait: Duration) {
        state.withLock { state in
            state.decisionWait = max(state.decisionWait ?? 0, decisionWait.nanoseconds)
            state.retention = max(state.retention, decisionWait.nanoseconds &* 2)
        }
    }

    /// Calls `observer` after verdicts are recorded, on the recording thread.
    package func observe(_ observer: @escaping Observer) {
        state.withLock { $0.observers.append(observer) }
    }

    /// Records what became of traces and calls the observers.
    ///
    /// What was lost stays lost, also when more of the trace is kept: the span that an exemplar leads to may be the one
    /// that no backend has.
    package func record(_ traces: [TraceID], _ verdict: TraceVerdict) {
        let now = clock.now()
        let (recorded, observers) = state.withLock { state -> ([TraceID], [Observer]) in
            let lost = verdict == .kept ? traces.filter { state.verdict(of: $0) == .lost } : []
            let recorded = lost.isEmpty ? traces : traces.filter { state.verdict(of: $0) != .lost }
            for trace in recorded { state.set(trace, verdict, now: now, capacity: capacity) }
            // As new as what comes now.
            for trace in lost { state.set(trace, .lost, now: now, capacity: capacity) }
            return (recorded, state.observers)
        }
        guard !recorded.isEmpty else { return }
        for observer in observers { observer(recorded, verdict) }
    }

    /// The latest verdict about a trace; nil when there is none or it is forgotten.
    package func verdict(of trace: TraceID) -> TraceVerdict? {
        state.withLock { $0.verdict(of: trace) }
    }
}
