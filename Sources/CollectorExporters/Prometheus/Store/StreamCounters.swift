import CollectorCore

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
