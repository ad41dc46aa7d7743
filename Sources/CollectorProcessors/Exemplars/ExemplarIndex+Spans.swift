import CollectorCore
import OTLPWire

extension ExemplarIndex {
    /// Looks at a span that passed the traces pipeline.
    mutating func see(
        _ span: SpanCandidate, _ projection: SpanProjection, resource: AttributeSetHash, now: UInt64,
        _ actions: inout ExemplarActions, attributes: () -> [UInt64: UInt64]?
    ) {
        if gate(span.traceID) == .discard { return }
        let found = measuring(span, projection, resource: resource, now: now, attributes: attributes)
        if found.isEmpty {
            waiting.add(span, projection, resource: resource, now: now, attributes: attributes)
        }
        for key in found { consider(span, key, now: now, &actions) }
    }

    /// The series that measure a span.
    mutating func measuring(
        _ span: SpanCandidate, _ projection: SpanProjection, resource: AttributeSetHash, now: UInt64,
        attributes: () -> [UInt64: UInt64]?
    ) -> [SeriesKey] {
        if let found = resources[resource]?.matches[projection] { return found }
        guard let members = resources[resource]?.members, matchWork.take(members.count, now: now),
            let attributes = attributes()
        else { return [] }
        let found = members.filter { key in
            guard let series = series[key], series.measuresSpans else { return false }
            return series.matches(kind: span.kind, attributes)
        }
        resources[resource]?.remember(found, for: projection)
        return found
    }

    /// Files and offers a span as an exemplar of a series that has use for it.
    mutating func consider(
        _ span: SpanCandidate, _ key: SeriesKey, now: UInt64, _ actions: inout ExemplarActions
    ) {
        guard let found = series[key], let ready = candidate(span, found),
            let cell = found.cell(of: ready.exemplar.value),
            found.isDue(cell, value: ready.exemplar.value, now: now)
        else { return }
        switch gate(span.traceID) {
        case .publish: publish(ready, key, now: now, &actions)
        case .wait: hold(ready, key, isFromPoint: false, now: now, &actions)
        case .discard: break
        }
    }

    /// The span as an exemplar; nil when the series measures nothing of it or filters it out.
    func candidate(_ span: SpanCandidate, _ series: TrackedSeries) -> ReadyExemplar? {
        guard let value = series.value(of: span), series.passes(value, percentile: config.percentile) else {
            return nil
        }
        return ReadyExemplar(
            exemplar: Exemplar(
                traceID: span.traceID, spanID: config.includesSpanID ? span.spanID : 0, value: value,
                timeNanoseconds: span.endNanoseconds))
    }
}
