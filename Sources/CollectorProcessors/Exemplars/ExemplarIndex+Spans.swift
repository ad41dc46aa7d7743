import CollectorCore
import OTLPWire

extension ExemplarIndex {
    /// Looks at a span that passed the traces pipeline.
    mutating func see(
        _ span: SpanCandidate, _ projection: SpanProjection, resource: AttributeSetHash, now: UInt64,
        _ actions: inout ExemplarActions, attributes: () -> [UInt64: UInt64]?
    ) {
        // Without names in the configuration only metrics of certain kinds of spans have candidates.
        if config.metricNames == nil, SpanSubject(kind: span.kind) == nil { return }
        if gate(span.traceID) == .discard { return }
        var found = resources[resource]?.matches[projection] ?? []
        if found.isEmpty, resources[resource] != nil, resources[resource]?.matches[projection] == nil {
            let members = resources[resource]?.members.count ?? 0
            guard matchWork.take(members, now: now), let attributes = attributes() else { return }
            found = matchingSeries(resource, kind: span.kind, attributes)
            resources[resource]?.remember(found, for: projection)
        }
        if found.isEmpty {
            waiting.add(span, projection, resource: resource, now: now, attributes: attributes)
        }
        for key in found { consider(span, key, now: now, &actions) }
    }

    private func matchingSeries(
        _ resource: AttributeSetHash, kind: UInt8, _ attributes: [UInt64: UInt64]
    ) -> [SeriesKey] {
        (resources[resource]?.members ?? []).filter { key in
            guard let series = series[key], series.nanosecondsPerUnit != nil else { return false }
            return series.subject.includes(kind: kind) && series.matches(attributes)
        }
    }

    /// Files and offers a span as an exemplar of a series that has use for it.
    mutating func consider(
        _ span: SpanCandidate, _ key: SeriesKey, now: UInt64, _ actions: inout ExemplarActions
    ) {
        guard let found = series[key], let unit = found.nanosecondsPerUnit else { return }
        let exemplar = span.exemplar(nanosecondsPerUnit: unit, includesSpanID: config.includesSpanID)
        guard let bucket = found.bucket(of: exemplar.value), found.isDue(bucket, now: now),
            found.passes(exemplar.value, percentile: config.percentile)
        else { return }
        let ready = ReadyExemplar(exemplar: exemplar)
        switch gate(span.traceID) {
        case .publish: publish(ready, key, now: now, &actions)
        case .wait: hold(ready, key, isFromPoint: false, now: now, &actions)
        case .discard: break
        }
    }
}
