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
        if found.isEmpty,
            !waiting.add(span, projection, resource: resource, now: now, &memory, attributes: attributes)
        {
            actions.counts.withheld[.memory] += 1
        }
        for key in observers(of: span, among: found) { consider(span, key, now: now, &actions) }
    }

    /// So many series measure a span where labels tell them apart.
    private static let usualMatches = 16

    /// The series that measure a span.
    mutating func measuring(
        _ span: SpanCandidate, _ projection: SpanProjection, resource: AttributeSetHash, now: UInt64,
        attributes: () -> [UInt64: UInt64]?
    ) -> [SeriesKey] {
        if let found = resources[resource]?.matches[projection] {
            // Series whose labels no span has are measured by all, and there may be thousands.
            return found.count <= Self.usualMatches || matchWork.take(found.count, now: now) ? found : []
        }
        guard let candidates = resources[resource]?.candidates(name: span.name), !candidates.isEmpty,
            matchWork.take(candidates.count, now: now), let attributes = attributes()
        else { return [] }
        var found: [SeriesKey] = []
        var best: [UInt64: Int] = [:]
        for key in candidates {
            guard let series = series[key], series.measuresSpans, series.matches(kind: span.kind, attributes) else {
                continue
            }
            found.append(key)
            if let fit = series.fit(attributes) { best[series.metric] = max(best[series.metric] ?? fit, fit) }
        }
        if !best.isEmpty {
            found.removeAll { key in
                guard let series = series[key], let fit = series.fit(attributes) else { return false }
                return fit < best[series.metric] ?? fit
            }
        }
        if memory.hasRoom(for: ExemplarCost.projection + ExemplarCost.match * found.count) {
            updateResource(resource) { $0.remember(found, for: projection) }
        }
        return found
    }

    /// Of the series that may measure a span, for each metric those that do, as far as their points tell: where several
    /// scopes have a metric of one name, the observation is in one of them. The counts of the others do not grow.
    func observers(of span: SpanCandidate, among found: [SeriesKey]) -> [SeriesKey] {
        guard found.count > 1 else { return found }
        var byMetric: [UInt64: [SeriesKey]] = [:]
        for key in found {
            if let series = series[key] { byMetric[series.metric, default: []].append(key) }
        }
        guard byMetric.count < found.count else { return found }
        return byMetric.values.flatMap { keys in
            guard keys.count > 1 else { return keys }
            let populated = keys.filter { counts(of: $0, at: span)?.isPopulated == true }
            let growing = populated.filter { counts(of: $0, at: span)?.hasGrown == true }
            return !growing.isEmpty ? growing : !populated.isEmpty ? populated : keys
        }
    }

    private func counts(of key: SeriesKey, at span: SpanCandidate) -> (isPopulated: Bool, hasGrown: Bool)? {
        guard let series = series[key], let cell = series.value(of: span).flatMap({ series.cell(of: $0) }) else {
            return nil
        }
        return (series.counts.isPopulated(cell), series.counts.hasGrown(cell))
    }

    /// Files and offers a span as an exemplar of a series that has use for it.
    mutating func consider(
        _ span: SpanCandidate, _ key: SeriesKey, offersNow: Bool = true, now: UInt64,
        _ actions: inout ExemplarActions
    ) {
        guard let found = series[key], let ready = candidate(span, found),
            let cell = found.cell(of: ready.exemplar.value),
            found.isDue(cell, value: ready.exemplar.value, now: now)
        else { return }
        switch gate(span.traceID) {
        case .publish:
            publish(ready, key, isFromPoint: false, offersNow: offersNow, now: now, &actions)
        case .wait:
            hold(.init(exemplar: ready, series: key, resource: found.resource, isFromPoint: false), now: now, &actions)
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
