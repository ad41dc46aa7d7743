import CollectorCore
import NIOCore
import OTLPWire
import Synchronization

/// The shell around the index that both sides of an `exemplars` processor share: one lock, the exchange, the clock.
///
/// Offers and withdrawals are made under the lock: a trace that is lost just after its exemplar was let through is
/// withdrawn after the offer, never before.
final class ExemplarStore: Sendable {
    private struct State {
        var index: ExemplarIndex
        var hasMetricsSide = false
        var armedAt: UInt64?
    }

    private let config: ExemplarsConfig
    private let clock: any CollectorClock
    private let exchange: ExemplarExchange
    private let telemetry: ExemplarTelemetry
    private let state: Mutex<State>

    init(_ config: ExemplarsConfig, _ context: ComponentContext) {
        self.config = config
        clock = context.clock
        exchange = context.exemplars
        telemetry = ExemplarTelemetry(context)
        state = Mutex(State(index: ExemplarIndex(config, verdicts: context.verdicts)))
        context.verdicts.observe { [weak self] traces, verdict in
            self?.perform { index, now, actions in index.learn(traces, verdict, now: now, &actions) }
        }
    }

    /// Announces that points come; without them, nobody needs candidates.
    func addMetricsSide() { state.withLock { $0.hasMetricsSide = true } }

    /// Whether spans of a metric become its exemplars, and which.
    ///
    /// By default only metrics whose names say which spans they measure have candidates: a histogram of pauses of the
    /// garbage collector has no trace behind it, though its resource has spans.
    func subject(ofMetric name: String) -> SpanSubject? {
        let subject = SpanSubject(metricName: name)
        guard let patterns = config.metricNames else { return subject == .any ? nil : subject }
        return patterns.contains { $0.matches(name) } ? subject : nil
    }

    /// Runs a step of the index and does what it asks for.
    @discardableResult
    func perform<Result>(_ step: (inout ExemplarIndex, UInt64, inout ExemplarActions) -> Result) -> Result {
        let now = clock.now()
        let (result, deadline) = state.withLock { state -> (Result, UInt64?) in
            var actions = ExemplarActions()
            state.index.expire(now, &actions)
            let result = step(&state.index, now, &actions)
            for (exemplar, series) in actions.offers { exchange.offer(exemplar, to: series) }
            if !actions.withdrawals.isEmpty { exchange.withdraw(actions.withdrawals) }
            telemetry.count(actions.counts)
            guard let deadline = state.index.nextDeadline, deadline < state.armedAt ?? .max else {
                return (result, nil)
            }
            state.armedAt = deadline
            return (result, deadline)
        }
        if let deadline { wake(at: deadline) }
        return result
    }

    private func wake(at deadline: UInt64) {
        clock.schedule(at: deadline) { [weak self] in
            guard let self else { return }
            state.withLock { state in
                if state.armedAt == deadline { state.armedAt = nil }
            }
            perform { _, _, _ in }
        }
    }

    /// Looks at the spans that passed the traces pipeline.
    func see(_ segment: Segment) {
        guard case .traces(let index) = segment.index, state.withLock({ $0.hasMetricsSide }) else { return }
        let bytes = segment.body.readableBytesUInt8Span
        let resources = index.resources.map { group in
            AttributeSetHash(bytes, message: payload(of: 1, in: group.head, bytes) ?? .empty, fieldNumber: 1)
        }
        let (generation, keys) = state.withLock { state in
            (state.index.generation, resources.map { state.index.keys(of: $0) })
        }
        let parents = index.scopes.map { Int($0.parent) }
        // Attributes are hashed outside of the lock; the lookups below are short.
        let projections = index.spans.map { span in
            SpanProjection(bytes, span: span, keys: keys[parents[Int(span.scope)]])
        }
        perform { state, now, actions in
            for (position, span) in index.spans.enumerated() {
                guard let candidate = SpanCandidate(span) else { continue }
                let resource = resources[parents[Int(span.scope)]]
                var projection = projections[position]
                if state.generation != generation {
                    // New series came in between: what was hashed may lack a key.
                    projection = SpanProjection(bytes, span: span, keys: state.keys(of: resource))
                }
                state.see(candidate, projection, resource: resource, now: now, &actions) {
                    hashedAttributes(bytes, message: span.range, fieldNumber: 9)
                }
            }
        }
    }
}
