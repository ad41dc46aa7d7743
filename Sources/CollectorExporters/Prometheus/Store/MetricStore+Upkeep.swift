import CollectorCore
import OTLPWire

extension MetricStore {
    /// Removes what is over: streams, exemplars, families without streams, metrics and resources that nothing comes
    /// for.
    func sweep(now: UInt64) {
        let remove: (SeriesKey, StreamKey) -> Void = { [tools] in tools.directory.remove($0, $1) }
        let entries = catalogue.withLock { $0.entries }
        let empty = entries.map(\.family).filter { family in
            family.sweep(streams: family.cutoff(now), exemplars: exemplarCutoff(now), remove)
        }
        catalogue.withLock { catalogue in
            // Points may have come in between.
            catalogue.remove(empty.filter { $0.retire(ifExpired: $0.cutoff(now), remove) })
            catalogue.forgetUnused(cutoff(now))
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
