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
        var decisionWait: UInt64?
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

    /// Whether anybody hears of verdicts. Samplers that decide at once need not record them otherwise.
    package var isObserved: Bool { state.withLock { !$0.observers.isEmpty } }

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

    package func record(_ traces: [TraceID], _ verdict: TraceVerdict) {
        guard !traces.isEmpty else { return }
        let now = clock.now()
        let observers = state.withLock { state -> [Observer] in
            for trace in traces {
                if now &- state.youngSince >= state.retention || state.young.count >= capacity {
                    state.old = state.young
                    state.young = [:]
                    state.youngSince = now
                }
                state.young[trace] = verdict
            }
            return state.observers
        }
        for observer in observers { observer(traces, verdict) }
    }

    /// The latest verdict about a trace; nil when there is none or it is forgotten.
    package func verdict(of trace: TraceID) -> TraceVerdict? {
        state.withLock { $0.young[trace] ?? $0.old[trace] }
    }
}
