import CollectorCore
import OTLPWire

extension ExemplarIndex {
    /// Series without points for this long make room when there are too many.
    private static let staleAfter: UInt64 = 900_000_000_000
    private static let cleaningInterval: UInt64 = 60_000_000_000

    /// Begins to follow the series of a point, or finds it followed already. `make` says what it is like, nil when it has
    /// too many attributes.
    mutating func track(
        _ point: PointObservation, _ shape: PointShape, now: UInt64, _ actions: inout ExemplarActions,
        make: () -> TrackedSeries?
    ) {
        if series[point.key] != nil { return }
        let isFull = !hasPlace(for: point.resource) || !memory.hasRoom(for: ExemplarCost.series)
        if isFull, now &- cleanedAt > Self.cleaningInterval { removeStale(now, &actions) }
        guard hasPlace(for: point.resource) else {
            actions.counts.untracked[.limit] += 1
            return
        }
        guard let new = make() else {
            actions.counts.untracked[.attributes] += 1
            return
        }
        if !follow(new, point.key, size: shape.firstSize) { actions.counts.untracked[.memory] += 1 }
    }

    private func hasPlace(for resource: AttributeSetHash) -> Bool {
        FairShare.admits(
            own: resources[resource]?.memberCount ?? 0, total: series.count, limit: config.maxSeries)
    }

    /// Learns from a point of a followed series. One that has grown beyond the memory there is is followed no more.
    private mutating func learn(
        _ shape: PointShape, of key: SeriesKey, now: UInt64, _ actions: inout ExemplarActions
    ) {
        guard let place = series.index(forKey: key) else { return }
        let before = series.values[place].size
        let percentile = config.percentile
        let isNew = update(place, &actions) { series in
            series.seenAt = now
            return series.learn(shape, percentile: percentile)
        }
        if !memory.isCovered, series.values[place].size > before {
            unfollow(key, &actions)
            actions.counts.untracked[.memory] += 1
        } else if isNew {
            callWaiting(for: key, now: now, &actions)
        }
    }

    /// Looks at a passing point and says what has to change about it.
    mutating func see(_ point: PointObservation, now: UInt64, _ actions: inout ExemplarActions) -> PointPlan {
        var plan = PointPlan()
        if let shape = point.shape { learn(shape, of: point.key, now: now, &actions) }
        for (position, exemplar) in point.exemplars.enumerated() {
            if mayPass(exemplar, of: point, now: now, &actions) {
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
        for span in waiting.candidates(for: found, now: now, &waitingWork, &memory) {
            // The scrape side knows the series when it has this point.
            consider(span, key, offersNow: false, now: now, &actions)
        }
    }

    /// Whether an exemplar that came with a point may be shown now. If not, it is withheld or waits.
    private mutating func mayPass(
        _ ready: ReadyExemplar, of point: PointObservation, now: UInt64, _ actions: inout ExemplarActions
    ) -> Bool {
        let key = point.key
        let value = ready.exemplar.value
        if let followed = series[key], !followed.passes(value, percentile: config.percentile) {
            actions.counts.withheld[.filter] += 1
            return false
        }
        switch gate(ready.exemplar.traceID) {
        case .publish:
            published.insert(ready.exemplar.traceID)
            actions.counts.published += 1
            if let cell = series[key]?.cell(of: value) {
                // It goes on with its point; filed it can be offered once more, when what followed it is withdrawn.
                let entry = CellReservoir.Entry(
                    ready: ready, filedAt: now, isCounted: true, isOffered: true, isAttached: true,
                    isPublished: true)
                _ = file(entry, key, cell, now: now, &actions)
            }
            return true
        case .wait:
            hold(.init(exemplar: ready, series: key, resource: point.resource, isFromPoint: true), now: now, &actions)
            return false
        case .discard:
            withhold(.init(exemplar: ready, series: key, resource: point.resource, isFromPoint: true), &actions)
            return false
        }
    }

    /// Notes that a plan was carried out and downstream has the point.
    mutating func attached(
        _ exemplars: [(cell: Int, exemplar: ReadyExemplar)], to key: SeriesKey, _ actions: inout ExemplarActions
    ) {
        for (cell, exemplar) in exemplars
        where update(key, &actions, { $0.attached(exemplar, cell: cell) }) == true {
            actions.counts.published += 1
        }
        offerFiled(key, &actions)
    }

    /// Offers what waited for a point to count something in its bucket.
    private mutating func offerFiled(_ key: SeriesKey, _ actions: inout ExemplarActions) {
        for cell in series[key]?.offerable ?? [] {
            guard let trace = series[key]?.newest(cell)?.traceID, gate(trace) != .discard else { continue }
            offer(key, cell, &actions)
        }
    }

    private mutating func removeStale(_ now: UInt64, _ actions: inout ExemplarActions) {
        cleanedAt = now
        let stale = series.filter { now &- $0.value.seenAt > Self.staleAfter }
        for key in stale.keys { unfollow(key, &actions) }
    }
}
