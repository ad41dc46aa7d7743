import CollectorCore
import OTLPWire

extension ExemplarIndex {
    /// Series without points for this long make room when there are too many.
    private static let staleAfter: UInt64 = 900_000_000_000
    private static let cleaningInterval: UInt64 = 60_000_000_000

    /// Begins to follow the series of a point, or finds it followed already. `make` says what it is like.
    mutating func track(_ key: SeriesKey, now: UInt64, _ actions: inout ExemplarActions, make: () -> TrackedSeries) {
        if series[key] != nil { return }
        if series.count >= config.maxSeries, now &- cleanedAt > Self.cleaningInterval { removeStale(now) }
        guard series.count < config.maxSeries else {
            actions.counts.untrackedSeries += 1
            return
        }
        let new = make()
        generation += 1
        series[key] = new
        resources[new.resource, default: ResourceSeries()].add(key, new)
    }

    /// Looks at a passing point and says what has to change about it.
    mutating func see(_ point: PointObservation, now: UInt64, _ actions: inout ExemplarActions) -> PointPlan {
        var plan = PointPlan()
        if let shape = point.shape, let isNew = series[point.key]?.learn(shape, percentile: config.percentile) {
            series[point.key]?.seenAt = now
            if isNew { callWaiting(for: point.key, now: now, &actions) }
        }
        for (position, exemplar) in point.exemplars.enumerated() {
            if mayPass(exemplar, point.key, now: now, &actions) {
                plan.shown.append(exemplar.exemplar.traceID)
            } else {
                plan.removed.append(position)
            }
        }
        if let shape = point.shape, let known = series[point.key] {
            plan.attached = known.attachable(to: shape).filter { gate($0.exemplar.exemplar.traceID) != .discard }
            plan.shown += plan.attached.map(\.exemplar.exemplar.traceID)
            let attached = plan.attached.map(\.cell)
            plan.hasOffers = known.offerable.contains { !attached.contains($0) }
        }
        return plan
    }

    /// Lets the spans that waited for a series' first point compete for its cells, the newest first.
    private mutating func callWaiting(for key: SeriesKey, now: UInt64, _ actions: inout ExemplarActions) {
        guard let found = series[key], found.measuresSpans else { return }
        let candidates = waiting.candidates(of: found.resource).filter {
            found.matches(kind: $0.span.kind, $0.attributes)
        }
        for candidate in candidates.sorted(by: { $0.span.endNanoseconds > $1.span.endNanoseconds }) {
            // The scrape side knows the series when it has this point.
            consider(candidate.span, key, offersNow: false, now: now, &actions)
        }
    }

    /// Whether an exemplar that came with a point may be shown now. If not, it is withheld or waits.
    private mutating func mayPass(
        _ ready: ReadyExemplar, _ key: SeriesKey, now: UInt64, _ actions: inout ExemplarActions
    ) -> Bool {
        let value = ready.exemplar.value
        if let followed = series[key], !followed.passes(value, percentile: config.percentile) {
            actions.counts.withheldFiltered += 1
            return false
        }
        switch gate(ready.exemplar.traceID) {
        case .publish:
            published.insert(ready.exemplar.traceID)
            actions.counts.published += 1
            if let cell = series[key]?.cell(of: value) {
                // It goes on with its point; filed it can be offered once more, when what followed it is withdrawn.
                let shown = ReadyExemplar(exemplar: ready.exemplar, message: nil)
                let entry = CellReservoir.Entry(
                    ready: shown, filedAt: now, isCounted: true, isOffered: true, isAttached: true)
                _ = file(entry, key, cell, now: now, &actions)
            }
            return true
        case .wait:
            hold(ready, key, isFromPoint: true, now: now, &actions)
            return false
        case .discard:
            withhold(PendingVerdicts.Entry(exemplar: ready, series: key, isFromPoint: true), &actions)
            return false
        }
    }

    /// Notes that a plan was carried out and downstream has the point.
    mutating func attached(
        _ exemplars: [(cell: Int, exemplar: ReadyExemplar)], to key: SeriesKey, _ actions: inout ExemplarActions
    ) {
        for (cell, exemplar) in exemplars where series[key]?.attached(exemplar, cell: cell) == true {
            actions.counts.published += 1
        }
        offerFiled(key, &actions)
    }

    /// Offers what waited for a point to count something in its bucket.
    private mutating func offerFiled(_ key: SeriesKey, _ actions: inout ExemplarActions) {
        for cell in series[key]?.offerable ?? [] {
            guard let exemplar = series[key]?.takeOffer(cell), gate(exemplar.traceID) != .discard else { continue }
            actions.offers.append((exemplar, key))
            actions.counts.published += 1
        }
    }

    private mutating func removeStale(_ now: UInt64) {
        cleanedAt = now
        generation += 1
        for (key, gone) in series where now &- gone.seenAt > Self.staleAfter {
            series[key] = nil
            filedCount -= gone.filedCount
            resources[gone.resource]?.remove(key, gone)
            if resources[gone.resource]?.isEmpty == true { resources[gone.resource] = nil }
        }
    }
}
