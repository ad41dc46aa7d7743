import CollectorCore
import OTLPWire

/// Exemplars of kept traces, filed by series and cell.
extension ExemplarIndex {
    /// What was filed this long ago and never shown will not be.
    private static let filedFor: UInt64 = 900_000_000_000
    private static let forgettingInterval: UInt64 = 60_000_000_000

    /// Files an exemplar, so that its cell has need of no other for a while; false when there is no room.
    ///
    /// All together may be `max_candidates`. When half of that is taken, a cell has one only; when all is, what was shown
    /// already goes.
    mutating func file(
        _ entry: CellReservoir.Entry, _ key: SeriesKey, _ cell: Int, now: UInt64, _ actions: inout ExemplarActions
    ) -> Bool {
        show(entry.exemplar.traceID, key, cell, now: now, &actions)
        if filedCount >= config.maxCandidates, series[key]?.hasFiled(cell) == false {
            guard now &- forgotAt >= Self.forgettingInterval else { return false }
            forgotAt = now
            let cutoff = now &- min(now, Self.filedFor)
            for other in series.keys { filedCount -= series[other]?.forgetShown(filedBefore: cutoff) ?? 0 }
            guard filedCount < config.maxCandidates else { return false }
        }
        let capacity = filedCount < config.maxCandidates / 2 ? CellReservoir.capacity : 1
        guard let filed = series[key]?.file(entry, cell: cell, capacity: capacity) else { return false }
        filedCount += filed.added
        if filed.replaces { actions.counts.replaced += 1 }
        return true
    }

    /// Shows an exemplar: at once on the scrape side if its bucket counts something, and with the series' next point.
    ///
    /// - Parameters:
    ///   - isFromPoint: whether a point brought it.
    ///   - offersNow: whether the scrape side can know the series.
    mutating func publish(
        _ ready: ReadyExemplar, _ key: SeriesKey, isFromPoint: Bool, offersNow: Bool = true, now: UInt64,
        _ actions: inout ExemplarActions
    ) {
        published.insert(ready.exemplar.traceID)
        let entry = CellReservoir.Entry(ready: ready, filedAt: now, isCounted: isFromPoint)
        guard let cell = series[key]?.cell(of: ready.exemplar.value), file(entry, key, cell, now: now, &actions) else {
            // Nothing is known of the series but that a point has this, or there is no room to wait for the next one.
            guard isFromPoint || isPopulated(key, ready.exemplar.value) else { return }
            actions.offers.append((ready.exemplar, key))
            actions.counts.published += 1
            return
        }
        guard offersNow, let exemplar = series[key]?.takeOffer(cell) else { return }
        actions.offers.append((exemplar, key))
        actions.counts.published += 1
    }

    private func isPopulated(_ key: SeriesKey, _ value: Double) -> Bool {
        guard let found = series[key], let cell = found.cell(of: value) else { return false }
        return found.cells == .single || found.counts.isPopulated(cell)
    }

    /// Takes exemplars back; where there is another one, that is offered instead.
    mutating func withdraw(_ traces: Set<TraceID>, now: UInt64, _ actions: inout ExemplarActions) {
        guard !traces.isEmpty else { return }
        actions.withdrawals.formUnion(traces)
        actions.counts.withdrawn += traces.count
        for key in series.keys {
            guard let (removed, cells) = series[key]?.withdraw(traces) else { continue }
            filedCount -= removed
            for cell in cells {
                guard let exemplar = series[key]?.takeOffer(cell), gate(exemplar.traceID) != .discard else { continue }
                show(exemplar.traceID, key, cell, now: now, &actions)
                actions.substitutes.append((exemplar, key))
                actions.counts.published += 1
            }
        }
    }
}
