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
            guard forgetShown(now: now, &actions), filedCount < config.maxCandidates else { return false }
        }
        if !memory.hasRoom(for: entry.size + 2 * ExemplarCost.cell) {
            guard forgetShown(now: now, &actions), memory.hasRoom(for: entry.size + 2 * ExemplarCost.cell) else {
                return false
            }
        }
        let capacity = filedCount < config.maxCandidates / 2 ? CellReservoir.capacity : 1
        let replaces = update(key, &actions) { $0.file(entry, cell: cell, capacity: capacity) }
        guard let replaces, let replaces else { return false }
        if replaces { actions.counts.replaced += 1 }
        return true
    }

    /// Lets go what was shown already, to make room; false when that was done a short while ago.
    private mutating func forgetShown(now: UInt64, _ actions: inout ExemplarActions) -> Bool {
        guard now &- forgotAt >= Self.forgettingInterval else { return false }
        forgotAt = now
        let cutoff = now &- min(now, Self.filedFor)
        forEachSeries { index, place in
            let owed = index.update(place, &actions) { $0.forgetShown(filedBefore: cutoff) }
            actions.counts.withheld[.superseded] += owed
        }
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
        let cell = series[key]?.cell(of: ready.exemplar.value)
        guard let cell, file(entry, key, cell, now: now, &actions) else {
            // Nothing is known of the series but that a point has this, or there is no room to wait for the next one.
            guard isFromPoint || (offersNow && isPopulated(key, cell)) else { return }
            if let cell { _ = update(key, &actions) { $0.noteOffer(ready.exemplar.value, cell: cell, now: now) } }
            actions.offers.append(.init(ready: ready, series: key, isFiled: false, isFromPoint: isFromPoint))
            return
        }
        guard offersNow else { return }
        offer(key, cell, &actions)
    }

    /// Offers a cell's newest exemplar to the scrape side, if that has to have it.
    mutating func offer(_ key: SeriesKey, _ cell: Int, _ actions: inout ExemplarActions) {
        guard let ready = series[key]?.takeOffer(cell) else { return }
        actions.offers.append(.init(ready: ready, series: key, isFiled: true, isFromPoint: false))
    }

    private func isPopulated(_ key: SeriesKey, _ cell: Int?) -> Bool {
        guard let found = series[key], let cell else { return false }
        return found.cells == .single || found.counts.isPopulated(cell)
    }

    /// Hears what became of an offer, so that an exemplar is counted once, when somebody has it.
    mutating func settle(_ offer: ExemplarActions.Offer, isTaken: Bool, _ actions: inout ExemplarActions) {
        if offer.isFiled {
            // What was not taken waits for the next point.
            guard isTaken, update(offer.series, &actions, { $0.taken(offer.ready.exemplar) }) == true else { return }
            actions.counts.published += 1
        } else if isTaken {
            actions.counts.published += 1
        } else if offer.isFromPoint {
            actions.counts.withheld[.superseded] += 1
        }
    }

    /// Takes exemplars back; where there is another one, that is offered instead.
    mutating func withdraw(_ traces: Set<TraceID>, now: UInt64, _ actions: inout ExemplarActions) {
        guard !traces.isEmpty else { return }
        actions.withdrawals.formUnion(traces)
        actions.counts.withdrawn += traces.count
        forEachSeries { index, place in
            let (owed, cells) = index.update(place, &actions) { $0.withdraw(traces) }
            actions.counts.withheld[.dropped] += owed
            let key = index.series.keys[place]
            for cell in cells {
                guard let ready = index.series.values[place].takeOffer(cell),
                    index.gate(ready.exemplar.traceID) != .discard
                else { continue }
                index.show(ready.exemplar.traceID, key, cell, now: now, &actions)
                actions.substitutes.append(.init(ready: ready, series: key, isFiled: true, isFromPoint: false))
            }
        }
    }
}
