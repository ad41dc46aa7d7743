package import OTLPWire
import Synchronization

/// A sampler that remembers its decisions for a while.
package protocol DecisionSource: AnyObject, Sendable {
    /// What is remembered about a trace.
    func decisions(of trace: TraceID) -> [TraceDecision]

    /// The latest decisions that `filter` accepts, newest first, `limit` at most.
    func latest(_ filter: DecisionFilter, limit: Int) -> [TraceDecision]

    /// What a decision's policy may be called: the configured policies in their order, and what may take their place.
    var policyNames: [String] { get }
}

/// Where samplers and those who ask about decisions meet (`explain`, `simulate`), without knowing of each other.
package final class DecisionLog: Sendable {
    package typealias Observer = @Sendable ([TraceDecision]) -> Void

    private struct State {
        var sources: [any DecisionSource] = []
        var observers: [Observer] = []
    }

    private let state = Mutex(State())

    package init() {}

    package func register(_ source: any DecisionSource) {
        state.withLock { $0.sources.append(source) }
    }

    /// Calls `observer` with every decision from now on, on the deciding thread. Writing decisions out costs several
    /// microseconds each, so this is for simulations.
    package func observe(_ observer: @escaping Observer) {
        state.withLock { $0.observers.append(observer) }
    }

    package var isObserved: Bool { state.withLock { !$0.observers.isEmpty } }

    package func announce(_ decisions: [TraceDecision]) {
        for observer in state.withLock({ $0.observers }) { observer(decisions) }
    }

    /// Whether anybody decides about traces here.
    package var hasSources: Bool { state.withLock { !$0.sources.isEmpty } }

    /// The names of all samplers' policies.
    package var policyNames: [String] {
        var names: [String] = []
        for name in state.withLock({ $0.sources }).flatMap(\.policyNames) where !names.contains(name) {
            names.append(name)
        }
        return names
    }

    /// What all samplers remember about a trace, newest first.
    package func decisions(of trace: TraceID) -> [TraceDecision] {
        state.withLock { $0.sources }.flatMap { $0.decisions(of: trace) }.sorted { $0.decidedAt > $1.decidedAt }
    }

    /// The latest decisions of all samplers, newest first.
    package func latest(_ filter: DecisionFilter, limit: Int) -> [TraceDecision] {
        let all = state.withLock { $0.sources }.flatMap { $0.latest(filter, limit: limit) }
        return Array(all.sorted { $0.decidedAt > $1.decidedAt }.prefix(limit))
    }
}
