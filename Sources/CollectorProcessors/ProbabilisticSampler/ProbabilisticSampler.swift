// `probabilistic_sampler`: keeps a share of the spans, decided by what is random in their trace, so that all spans of a
// trace have the same fate in every process. Nothing is stored and dropped spans cost no allocation: the result is
// another index over the same bytes.

import CollectorCore
import NIOCore
import OTLPWire

/// The transform of traces batches.
struct ProbabilisticSampler: BatchTransform {
    /// What one batch came to.
    struct Effect: Sendable {
        /// By `SamplingBasis`, dropped ones first.
        var counts = [Int](repeating: 0, count: SamplingBasis.allCases.count * 2)
        var unreadable = 0
        var overLimit = 0
        var kept: [TraceID] = []
        var dropped: [TraceID] = []

        var droppedCount: Int {
            SamplingBasis.allCases.reduce(0) { $0 + counts[$1.rawValue * 2] }
        }
    }

    private let sampler: SpanSampler
    private let verdicts: TraceVerdicts
    private let notSampled: Counter
    private let counters: [Counter]
    private let unreadable: Counter
    private let overLimit: Counter

    init(_ config: ProbabilisticSamplerConfig, _ context: ComponentContext) {
        sampler = SpanSampler(config)
        verdicts = context.verdicts
        verdicts.addSampler(decisionWait: .zero)
        notSampled = context.account.dropped("\(context.id)", "not sampled")
        counters = SamplingBasis.allCases.flatMap { policy in
            ["false", "true"].map { sampled in
                context.telemetry.counter(
                    "otelcol_processor_probabilistic_sampler_count_traces_sampled",
                    "Spans that were decided about, by the source of randomness and the outcome",
                    [("policy", policy.label), ("sampled", sampled)])
            }
        }
        func unchanged(_ reason: String) -> Counter {
            context.telemetry.counter(
                "otelcol_processor_probabilistic_sampler_tracestates_unchanged",
                "Tracestates of kept spans that were forwarded as they came although a threshold was due",
                [("processor", "\(context.id)"), ("reason", reason)])
        }
        unreadable = unchanged("unparseable")
        overLimit = unchanged("limit")
    }

    func transform(_ batch: Batch) -> (batch: Batch, effect: Effect) {
        var effect = Effect()
        let isWanted = verdicts.isWanted
        let segments = batch.segments.map { segment in
            guard case .traces(let index) = segment.index else { return segment }
            return segment.reindexed(sampled(index, segment.body, &effect, collectsVerdicts: isWanted))
        }
        return (Batch(signal: batch.signal, segments: segments.filter { $0.itemCount > 0 }), effect)
    }

    func taken(_ effect: Effect) {
        for (counter, count) in zip(counters, effect.counts) { counter.add(count) }
        unreadable.add(effect.unreadable)
        overLimit.add(effect.overLimit)
        notSampled.add(effect.droppedCount)
        record(effect)
    }

    /// A trace is known to be kept only when no sampler decides about it later, and not by the one of two samplers in a
    /// row that kept it.
    private func record(_ effect: Effect) {
        verdicts.record(effect.dropped, .dropped)
        guard verdicts.decisionWait == 0 else { return }
        verdicts.record(effect.kept.filter { verdicts.verdict(of: $0) != .dropped }, .kept)
    }

    private func sampled(
        _ index: TraceIndex, _ body: ByteBuffer, _ effect: inout Effect, collectsVerdicts: Bool
    ) -> TraceIndex {
        var result = index
        var kept: [SpanEntry] = []
        let bytes = body.readableBytesUInt8Span
        for span in index.spans {
            let decision = decide(span, index, bytes, &effect, &result)
            if collectsVerdicts {
                if decision.isKept { effect.kept.append(span.traceID) } else { effect.dropped.append(span.traceID) }
            }
            guard decision.isKept else { continue }
            kept.append(span)
            if case .set = decision.change, result.traceStates[span.range.lower] != nil {
                kept[kept.count - 1].isEdited = true
                result.isWhole = false
            }
        }
        if kept.count < index.spans.count { result.isWhole = false }
        result.spans = kept
        return result
    }

    /// Decides about one span and puts its new tracestate into `result`.
    private func decide(
        _ span: SpanEntry, _ index: TraceIndex, _ bytes: Span<UInt8>, _ effect: inout Effect, _ result: inout TraceIndex
    ) -> SpanDecision {
        let priority = SamplingPriority(bytes, span: span.range)
        if span.isEdited, let edited = index.traceStates[span.range.lower] {
            // A sampler in front of this one has written a tracestate already.
            return decide(span, edited.span, ByteRange(0, edited.count), priority, &effect, &result)
        }
        return decide(span, bytes, span.traceState, priority, &effect, &result)
    }

    private func decide(
        _ span: SpanEntry, _ stateBytes: Span<UInt8>, _ range: ByteRange, _ priority: SamplingPriority?,
        _ effect: inout Effect, _ result: inout TraceIndex
    ) -> SpanDecision {
        let state = range.isEmpty ? TraceState.none : TraceState(stateBytes, range)
        let decision = sampler.decide(span.traceID, state, priority: priority)
        effect.counts[decision.policy.rawValue * 2 + (decision.isKept ? 1 : 0)] += 1
        guard decision.isKept else { return decision }
        if state == nil { effect.unreadable += 1 }
        guard case .set(let threshold, let randomness) = decision.change, let state else { return decision }
        if let changed = state.replacing(threshold: threshold, randomness: randomness, in: stateBytes) {
            result.traceStates[span.range.lower] = changed
        } else {
            effect.overLimit += 1
        }
        return decision
    }
}
