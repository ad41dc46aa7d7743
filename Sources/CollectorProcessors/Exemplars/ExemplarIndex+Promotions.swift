import CollectorCore
import OTLPWire

/// `promote`: a trace that no policy wants is kept when a cell would have no exemplar otherwise. Which traces those are is
/// worked out here; the sampler asks about them when it decides.
extension ExemplarIndex {
    /// Looks at a span whose trace is not decided yet.
    mutating func preview(
        _ span: SpanCandidate, _ projection: SpanProjection, resource: AttributeSetHash, now: UInt64,
        _ actions: inout ExemplarActions, attributes: () -> [UInt64: UInt64]?
    ) {
        let found = measuring(span, projection, resource: resource, now: now, attributes: attributes)
        for key in observers(of: span, among: found) {
            guard let ready = series[key].flatMap({ candidate(span, $0) }),
                let cell = series[key]?.cell(of: ready.exemplar.value)
            else { continue }
            guard memory.isCovered else { return }
            _ = update(key, &actions) { $0.promotions.count(cell) }
            guard series[key]?.promotions.isNeeded(cell, now: now) == true, gate(span.traceID) == .wait else {
                continue
            }
            hold(.init(exemplar: ready, series: key, resource: resource, isFromPoint: false), now: now, &actions)
        }
    }

    /// Asks for an exemplar's trace to be kept if its cell has need of it. Every exemplar that waits may be the one.
    mutating func wishToKeep(
        _ ready: ReadyExemplar, _ key: SeriesKey, until deadline: UInt64, now: UInt64,
        _ actions: inout ExemplarActions
    ) {
        let trace = ready.exemplar.traceID
        guard config.promotionsPerSecond != nil, let found = series[key],
            let cell = found.cell(of: ready.exemplar.value), found.promotions.isNeeded(cell, now: now)
        else { return }
        actions.wishes.append((trace, found.promotions.isAboveMedian(cell)))
        let former = update(key, &actions) { $0.promotions.wish(trace, for: cell, until: deadline) }
        if let former, let former { actions.settledWishes.append(former) }
    }

    /// Opens a cell to the next candidate: this one will not be shown.
    mutating func dropWish(for entry: PendingVerdicts.Entry, _ actions: inout ExemplarActions) {
        let exemplar = entry.exemplar.exemplar
        guard config.promotionsPerSecond != nil, let cell = series[entry.series]?.cell(of: exemplar.value) else {
            return
        }
        _ = update(entry.series, &actions) { $0.promotions.lose(exemplar.traceID, in: cell) }
    }

    /// Notes that a cell shows an exemplar, so that nothing has to be kept for it.
    mutating func show(
        _ trace: TraceID, _ key: SeriesKey, _ cell: Int, now: UInt64, _ actions: inout ExemplarActions
    ) {
        guard config.promotionsPerSecond != nil else { return }
        let settled = update(key, &actions) { $0.promotions.show(trace, in: cell, now: now) }
        if let settled, let settled { actions.settledWishes.append(settled) }
    }
}
