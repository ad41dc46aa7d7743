import CollectorCore
import OTLPWire

extension MetricStore {
    /// Families, metrics or resources that are removed before others get the catalogue.
    private static let removalsPerHold = 256

    /// Removes what is over: streams, exemplars, families without streams, metrics and resources that nothing comes
    /// for.
    func sweep(now: UInt64) {
        let remove: (SeriesKey, StreamKey) -> Void = { [tools] in tools.directory.remove($0, $1) }
        let entries = catalogue.withLock { $0.entries }
        let empty = entries.map(\.family).filter { family in
            family.sweep(streams: family.cutoff(now), exemplars: exemplarCutoff(now), remove)
        }
        inPieces(empty) { catalogue, families in
            // Points may have come in between.
            for family in families where family.retire(ifExpired: family.cutoff(now), remove) {
                catalogue.remove(family)
            }
        }
        if !empty.isEmpty {
            let waiting = catalogue.withLock { $0.waitingEntries }
            inPieces(waiting.sorted { $0.number < $1.number }) { catalogue, entries in catalogue.claimAgain(entries) }
        }
        let cutoff = cutoff(now)
        let bindings = catalogue.withLock { $0.bindings }.filter { $0.value.isUnused(since: cutoff) }
        inPieces(Array(bindings.keys)) { $0.forgetBindings($1, unusedSince: cutoff) }
        let resources = catalogue.withLock { $0.resources }.filter { $0.value.isUnused(since: cutoff) }
        inPieces(Array(resources.keys)) { $0.forgetResources($1, unusedSince: cutoff) }
    }

    /// Works on the catalogue a few items at a time. What `body` returns is released when others have the catalogue.
    private func inPieces<Item, Removed: Sendable>(
        _ items: [Item], _ body: (inout Catalogue, ArraySlice<Item>) -> Removed
    ) {
        for start in stride(from: 0, to: items.count, by: Self.removalsPerHold) {
            let piece = items[start..<min(items.count, start + Self.removalsPerHold)]
            _ = catalogue.withLock { body(&$0, piece) }
        }
    }

    /// Puts an exemplar into the bucket of its value, if the series is shown; false when it has no place there.
    func offer(_ exemplar: Exemplar, to series: SeriesKey, _ clock: IngestClock) -> Bool {
        guard let place = tools.directory.place(of: series) else { return false }
        let offer = nextOffer()
        return place.family.state.withLock { $0.take(exemplar, place.key, tools, offer: offer, clock) }
    }

    /// Takes back the exemplars of traces that are lost.
    func withdraw(_ traces: Set<TraceID>) {
        for entry in catalogue.withLock({ $0.entries }) { entry.family.withdraw(traces) }
    }
}
