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
    /// Attributes left out of exemplars for their size.
    let exemplarLabel: Counter
    /// Exemplars left out because the memory for series is used up.
    let exemplarMemory: Counter
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
        exemplarLabel = counter("exemplar_label")
        exemplarMemory = counter("exemplar_memory")
        native = counter("native_histogram")
    }
}

extension ConflictCounters {
    /// All of them, by kind.
    var byKind: [(reason: String, counter: Counter)] {
        [
            ("type", type), ("family", family), ("name", name), ("label", label), ("series", series),
            ("exemplar_label", exemplarLabel), ("exemplar_memory", exemplarMemory), ("native_histogram", native),
        ]
    }
}

/// Why a stream began anew, so that what it had counted before is gone from it: the collector's own metric
/// `otelcol_exporter_prometheus_resets`.
struct ResetCounters: Sendable {
    /// Deltas are missing between two points.
    let gap: Counter
    /// The bounds of a histogram of deltas changed.
    let bounds: Counter
    /// The source of a cumulative stream began anew.
    let restart: Counter
    /// More observations than Prometheus can take.
    let overflow: Counter

    init(_ telemetry: Telemetry, exporter: ComponentID) {
        func counter(_ cause: String) -> Counter {
            telemetry.counter(
                "otelcol_exporter_prometheus_resets", "Series that began anew.",
                [("exporter", "\(exporter)"), ("cause", cause)])
        }
        gap = counter("gap")
        bounds = counter("bounds")
        restart = counter("restart")
        overflow = counter("overflow")
    }
}

/// Finds streams by the identity that other components know.
final class SeriesDirectory: Sendable {
    struct Place: Sendable {
        let family: MetricFamily
        let key: StreamKey
    }

    private let places = Mutex<[SeriesKey: Place]>([:])

    /// The first stream of an identity stands for it; others differ in their scopes only.
    func add(_ series: SeriesKey, _ place: Place) {
        places.withLock { places in
            if places[series] == nil { places[series] = place }
        }
    }

    func remove(_ series: SeriesKey, _ key: StreamKey) {
        places.withLock { places in
            if places[series]?.key == key { places[series] = nil }
        }
    }

    func place(of series: SeriesKey) -> Place? {
        places.withLock { $0[series] }
    }
}

/// What taking points needs besides the points.
struct IngestTools: Sendable {
    let labeler: SeriesLabeler
    let exemplarText: ExemplarText
    let conflicts: ConflictCounters
    let resets: ResetCounters
    let directory: SeriesDirectory
    let memory: SeriesMemory
}

/// The points of one metric of one batch.
struct IngestContext: Sendable {
    let tools: IngestTools
    let binding: MetricBinding
    /// The metric's name in the request.
    let name: ByteRange
    /// Nanoseconds of the monotonic clock.
    let now: UInt64
    /// The number of the batch: its exemplars belong together.
    let offer: UInt64
}
