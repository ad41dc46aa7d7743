import CollectorCore

/// What could not be shown as it was and was repaired or left out: the collector's own metric
/// `otelcol_exporter_prometheus_conflicts`. One object, since it is handed on with every metric.
final class ConflictCounters: Sendable {
    // Of these three, a scrape's own report has the points or series that they cost.

    /// A metric of another type than its family.
    let type: Counter
    /// A family whose names another one has taken in some format.
    let family: Counter
    /// A name of which nothing is left.
    let name: Counter
    /// Labels joined because their names are the same.
    let label: Counter
    /// Labels renamed to `exported_…`, since the name means something else here.
    let renamedLabel: Counter
    /// Attributes with an empty key, which no label can have.
    let namelessLabel: Counter
    /// Series that look the same, shown as one.
    let series: Counter
    /// Series that only a scraper's escaping of names makes look the same, shown as one; counted for each escaping.
    let escapedSeries: Counter
    /// Samples that a scrape left out because its format does not allow their values; counted by every scrape.
    let hiddenSample: Counter
    /// Series that a scrape left out because another family has a name of theirs in its format; counted by every
    /// scrape.
    let hiddenSeries: Counter
    /// Attributes left out of exemplars: for their size, for another attribute of that name, or because Prometheus
    /// could not read them.
    let exemplarLabel: Counter
    /// Exemplars without a value, or with one that is no number.
    let exemplarValue: Counter
    /// Exemplars of gauges, which have none in Prometheus.
    let exemplarType: Counter
    /// Exemplars left out because the memory for series is used up.
    let exemplarMemory: Counter
    /// Series that look the same with other bounds, shown with those that all of them have.
    let bounds: Counter
    /// Exemplars beyond what is taken of one point.
    let exemplarLimit: Counter
    /// Points and exemplars whose time is yet to come.
    let future: Counter
    /// Quantiles of summaries outside 0 to 1, or repeated in a point.
    let quantile: Counter
    /// Points of exponential histograms that the protobuf format cannot show: without a sum, or too coarse.
    let native: Counter

    /// Resources whose target metadata a scrape left out, since another one has their `job` and `instance`; each once.
    let target: Counter
    /// Descriptions that were cut, since they are too long.
    let help: Counter
    /// Deltas of histograms, and histograms that are gone, without a sum that can be added: the sum shown goes on
    /// without them.
    let histogramSum: Counter

    /// Those with their kinds that nothing else counts: a scrape's own report adds them to what was dropped.
    let omissions: [(reason: String, counter: Counter)]

    init(_ telemetry: Telemetry, exporter: ComponentID) {
        var omissions: [(reason: String, counter: Counter)] = []
        func counter(_ kind: String, isOmission: Bool = true) -> Counter {
            let counter = telemetry.counter(
                "otelcol_exporter_prometheus_conflicts", "What the scrape endpoint had to repair or leave out.",
                [("exporter", "\(exporter)"), ("kind", kind)])
            if isOmission { omissions.append((kind, counter)) }
            return counter
        }
        type = counter("type", isOmission: false)
        family = counter("family", isOmission: false)
        name = counter("name", isOmission: false)
        label = counter("label")
        renamedLabel = counter("renamed_label")
        namelessLabel = counter("nameless_label")
        series = counter("series")
        escapedSeries = counter("escaped_series")
        hiddenSample = counter("hidden_sample")
        hiddenSeries = counter("hidden_series")
        exemplarLabel = counter("exemplar_label")
        exemplarValue = counter("exemplar_value")
        exemplarType = counter("exemplar_type")
        exemplarMemory = counter("exemplar_memory")
        bounds = counter("bounds")
        exemplarLimit = counter("exemplar_limit")
        future = counter("future")
        quantile = counter("quantile")
        native = counter("native_histogram")
        target = counter("target_info")
        help = counter("help")
        histogramSum = counter("histogram_sum")
        self.omissions = omissions
    }

    func add(_ repairs: LabelRepairs) {
        label.add(repairs.joined)
        renamedLabel.add(repairs.renamed)
        namelessLabel.add(repairs.nameless)
    }
}
