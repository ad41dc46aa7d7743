import CollectorCore
import OTLPWire
import Synchronization

/// What could not be shown as it was and was repaired or left out: the collector's own metric
/// `otelcol_exporter_prometheus_conflicts`.
struct ConflictCounters: Sendable {
    /// A metric of another type than its family.
    let type: Counter
    /// A family whose names another one has taken in some format.
    let family: Counter
    /// A name of which nothing is left.
    let name: Counter
    /// Labels joined because their names are the same.
    let label: Counter
    /// Series that look the same, shown as one.
    let series: Counter
    /// Series that only a scraper's escaping of names makes look the same, shown as one; counted for each escaping.
    let escapedSeries: Counter
    /// Series that a scrape left out because another family has a name of theirs in its format; counted by every
    /// scrape.
    let hiddenSeries: Counter
    /// Attributes left out of exemplars: for their size, for another attribute of that name, or because Prometheus
    /// could not read them.
    let exemplarLabel: Counter
    /// Exemplars left out because the memory for series is used up.
    let exemplarMemory: Counter
    /// Series that look the same with other bounds, shown with those that all of them have.
    let bounds: Counter
    /// Exemplars beyond what is taken of one point.
    let exemplarLimit: Counter
    /// Points and exemplars whose time is yet to come.
    let future: Counter
    /// Points of exponential histograms that the protobuf format cannot show: without a sum, or too coarse.
    let native: Counter

    init(_ telemetry: Telemetry, exporter: ComponentID) {
        func counter(_ kind: String) -> Counter {
            telemetry.counter(
                "otelcol_exporter_prometheus_conflicts", "What the scrape endpoint had to repair or leave out.",
                [("exporter", "\(exporter)"), ("kind", kind)])
        }
        type = counter("type")
        family = counter("family")
        name = counter("name")
        label = counter("label")
        series = counter("series")
        escapedSeries = counter("escaped_series")
        hiddenSeries = counter("hidden_series")
        exemplarLabel = counter("exemplar_label")
        exemplarMemory = counter("exemplar_memory")
        bounds = counter("bounds")
        exemplarLimit = counter("exemplar_limit")
        future = counter("future")
        native = counter("native_histogram")
    }
}

extension ConflictCounters {
    /// All of them, by kind.
    var byKind: [(reason: String, counter: Counter)] {
        [
            ("type", type), ("family", family), ("name", name), ("label", label), ("series", series),
            ("escaped_series", escapedSeries), ("hidden_series", hiddenSeries), ("exemplar_label", exemplarLabel),
            ("exemplar_memory", exemplarMemory), ("bounds", bounds), ("exemplar_limit", exemplarLimit),
            ("future", future),
            ("native_histogram", native),
        ]
    }
}

/// Why a stream began anew, in whole or in part, so that what it had counted before is gone from it: the collector's own
/// metric `otelcol_exporter_prometheus_resets`.
struct ResetCounters: Sendable {
    /// The bounds of a histogram of deltas changed: count and sum go on, and buckets whose bounds are still there.
    let bounds: Counter
    /// The source of a cumulative stream began anew.
    let restart: Counter
    /// More observations than Prometheus can take.
    let overflow: Counter

    init(_ telemetry: Telemetry, exporter: ComponentID) {
        func counter(_ cause: String) -> Counter {
            telemetry.counter(
                "otelcol_exporter_prometheus_resets",
                "Series that began anew; of those with other bounds, the buckets of the new ones.",
                [("exporter", "\(exporter)"), ("cause", cause)])
        }
        bounds = counter("bounds")
        restart = counter("restart")
        overflow = counter("overflow")
    }
}

/// Stretches of time from which deltas have not come: the collector's own metric
/// `otelcol_exporter_prometheus_delta_gaps`.
struct GapCounters: Sendable {
    /// A delta came that does not begin where the one before ended.
    let seen: Counter
    /// A late delta came that belongs there, and was added.
    let filled: Counter

    init(_ telemetry: Telemetry, exporter: ComponentID) {
        func counter(_ state: String) -> Counter {
            telemetry.counter(
                "otelcol_exporter_prometheus_delta_gaps",
                "Gaps between deltas of a series, and deltas that came late and were added.",
                [("exporter", "\(exporter)"), ("state", state)])
        }
        seen = counter("seen")
        filled = counter("filled")
    }
}

/// Finds streams by the identity that other components know.
final class SeriesDirectory: Sendable {
    struct Place: Sendable {
        let family: MetricFamily
        let key: StreamKey
    }

    private struct State {
        var places: [SeriesKey: Place] = [:]
        /// Further streams of an identity: rare, so that the others need no list.
        var others: [SeriesKey: [Place]] = [:]
    }

    private let state = Mutex(State())

    /// The first stream of an identity stands for it; others differ in their types, units or schemas only, and follow it.
    func add(_ series: SeriesKey, _ place: Place) {
        state.withLock { state in
            if state.places[series] == nil {
                state.places[series] = place
            } else {
                state.others[series, default: []].append(place)
            }
        }
    }

    func remove(_ series: SeriesKey, _ key: StreamKey) {
        state.withLock { state in
            var others = state.others[series] ?? []
            if state.places[series]?.key == key {
                state.places[series] = others.isEmpty ? nil : others.removeFirst()
            } else {
                others.removeAll { $0.key == key }
            }
            state.others[series] = others.isEmpty ? nil : others
        }
    }

    func place(of series: SeriesKey) -> Place? {
        state.withLock { $0.places[series] }
    }
}

/// What taking points needs besides the points.
struct IngestTools: Sendable {
    let labeler: SeriesLabeler
    let exemplarText: ExemplarText
    let conflicts: ConflictCounters
    let resets: ResetCounters
    let gaps: GapCounters
    let directory: SeriesDirectory
    let memory: SeriesMemory
}

/// The moment at which something is taken.
struct IngestClock: Sendable {
    /// How far ahead of the clock a point's time may be: senders' clocks differ by minutes. A time further ahead would
    /// make everything look late that comes until then.
    static let pointLead: UInt64 = 600_000_000_000
    /// How far ahead an exemplar may be.
    static let exemplarLead: UInt64 = 60_000_000_000

    /// Nanoseconds of the monotonic clock.
    let now: UInt64
    /// Nanoseconds since 1970.
    let wall: UInt64

    /// The time that an exemplar is taken with.
    func time(ofExemplar time: UInt64, _ conflicts: ConflictCounters) -> UInt64 {
        guard time > wall.addingSaturated(Self.exemplarLead) else { return time }
        conflicts.future.add()
        return wall
    }
}

/// The points of one metric of one batch.
struct IngestContext: Sendable {
    let tools: IngestTools
    let binding: MetricBinding
    /// The metric's name in the request.
    let name: ByteRange
    let clock: IngestClock
    /// The number of the batch: its exemplars belong together.
    let offer: UInt64

    var now: UInt64 { clock.now }

    /// The times that a point is taken with. One from the future counts as of now, and a delta as one that does not say
    /// when it was, so that those that come after it at their times are taken too.
    func time(start: UInt64, _ time: UInt64) -> StreamTime {
        let latest = clock.wall.addingSaturated(IngestClock.pointLead)
        guard max(start, time) > latest else { return StreamTime(start: start, time: time) }
        tools.conflicts.future.add()
        if binding.temporality == .delta { return StreamTime(start: 0, time: 0) }
        return StreamTime(start: start > latest ? 0 : start, time: time > latest ? clock.wall : time)
    }
}
