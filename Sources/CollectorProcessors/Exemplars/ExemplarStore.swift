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

    let rules: RuleBook
    /// Whether points' counts are looked at.
    let needsCounts: Bool
    private let clock: any CollectorClock
    private let exchange: ExemplarExchange
    private let telemetry: ExemplarTelemetry
    private let keeper: TraceKeeper?
    private let state: Mutex<State>

    init(_ config: ExemplarsConfig, _ context: ComponentContext) {
        rules = RuleBook(config)
        needsCounts = config.percentile != nil
        clock = context.clock
        exchange = context.exemplars
        let telemetry = ExemplarTelemetry(context)
        self.telemetry = telemetry
        keeper = config.promotionsPerSecond.map { TraceKeeper(perSecond: $0, context.clock, telemetry) }
        state = Mutex(State(index: ExemplarIndex(config, verdicts: context.verdicts, budget: context.budget)))
        context.verdicts.observe { [weak self] traces, verdict in
            self?.perform { index, now, actions in index.learn(traces, verdict, now: now, &actions) }
        }
        context.telemetry.gauge(
            "otelcol_processor_exemplars_waiting",
            "Exemplars of points that wait for a decision or for their series' next point",
            [(name: "processor", value: "\(context.id)")]
        ) { [weak self] in
            Double(self?.state.withLock { $0.index.waitingOfPoints } ?? 0)
        }
        if keeper != nil { context.verdicts.promotions.register(self) }
    }

    /// Nanoseconds since 1970.
    var wallTime: UInt64 { clock.wallTime() }

    /// Announces that points come; without them, nobody needs candidates.
    func addMetricsSide() { state.withLock { $0.hasMetricsSide = true } }

    /// Runs a step of the index and does what it asks for.
    @discardableResult
    func perform<Result>(_ step: (inout ExemplarIndex, UInt64, inout ExemplarActions) -> Result) -> Result {
        let now = clock.now()
        let (result, deadline) = state.withLock { state -> (Result, UInt64?) in
            var actions = ExemplarActions()
            state.index.expire(now, &actions)
            // Before the step: it may wish for one of those traces anew.
            if !actions.decided.isEmpty { keeper?.add([], without: [], decided: actions.decided) }
            actions.decided = []
            let result = step(&state.index, now, &actions)
            make(actions.offers, &state.index, &actions)
            if !actions.withdrawals.isEmpty { exchange.withdraw(actions.withdrawals) }
            make(actions.substitutes, &state.index, &actions)
            keeper?.add(actions.wishes, without: actions.settledWishes, decided: actions.decided)
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

    private func make(
        _ offers: [ExemplarActions.Offer], _ index: inout ExemplarIndex, _ actions: inout ExemplarActions
    ) {
        for offer in offers {
            index.settle(offer, isTaken: exchange.offer(offer.ready.shown, to: offer.series), &actions)
        }
    }

    /// Counts what a point has of exemplars that are never shown.
    func countUnwanted(_ point: PointView) {
        guard !point.unwanted.isEmpty else { return }
        var counts = ExemplarCounts()
        counts.withheld[.limit] = point.excessCount
        counts.withheld[.traceless] = point.tracelessCount
        telemetry.count(counts)
    }

    /// Counts a point whose series is not followed.
    func countUntracked(_ reason: UntrackedReason) {
        var counts = ExemplarCounts()
        counts.untracked[reason] = 1
        telemetry.count(counts)
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
        look(at: segment) { index, span, projection, resource, now, actions, attributes in
            index.see(span, projection, resource: resource, now: now, &actions, attributes: attributes)
        }
    }

    private typealias Look = (
        inout ExemplarIndex, SpanCandidate, SpanProjection, AttributeSetHash, _ now: UInt64, inout ExemplarActions,
        _ attributes: () -> [UInt64: UInt64]?
    ) -> Void

    private func look(at segment: Segment, _ look: Look) {
        guard case .traces(let index) = segment.index, state.withLock({ $0.hasMetricsSide }) else { return }
        let bytes = segment.body.readableBytesUInt8Span
        let resources = index.resources.map { group in
            AttributeSetHash(bytes, message: payload(of: 1, in: group.head, bytes) ?? .empty, fieldNumber: 1)
        }
        let (generation, keys) = state.withLock { state in
            (state.index.generation, resources.map { state.index.keys(of: $0) })
        }
        // Attributes are hashed outside of the lock; the lookups below are short.
        var candidates: [(entry: SpanEntry, span: SpanCandidate, projection: SpanProjection, resource: Int)] = []
        let kinds = rules.kinds
        let wallTime = self.wallTime
        for span in index.spans where kinds.includes(kind: span.kind) {
            guard let candidate = SpanCandidate(bytes, span, valueKeys: rules.valueKeys, wallTime: wallTime) else {
                continue
            }
            let resource = Int(index.scopes[Int(span.scope)].parent)
            let projection = SpanProjection(bytes, span: span, name: candidate.name, keys: keys[resource])
            candidates.append((span, candidate, projection, resource))
        }
        guard !candidates.isEmpty else { return }
        perform { state, now, actions in
            for candidate in candidates {
                let resource = resources[candidate.resource]
                var projection = candidate.projection
                if state.generation != generation {
                    // New series came in between: what was hashed may lack a key.
                    projection = SpanProjection(
                        bytes, span: candidate.entry, name: candidate.span.name, keys: state.keys(of: resource))
                }
                look(&state, candidate.span, projection, resource, now, &actions) {
                    hashedAttributes(bytes, of: candidate.entry, name: candidate.span.name)
                }
            }
        }
    }
}

extension ExemplarStore: TracePromoter {
    func preview(_ batch: Batch) {
        for segment in batch.segments {
            look(at: segment) { index, span, projection, resource, now, actions, attributes in
                index.preview(span, projection, resource: resource, now: now, &actions, attributes: attributes)
            }
        }
    }

    func claims(_ trace: TraceID) -> Bool { keeper?.claims(trace) ?? false }
}
