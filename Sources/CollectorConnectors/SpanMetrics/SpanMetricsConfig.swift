package import CollectorCore

/// The `span_metrics` section. Keys and defaults are those of the OpenTelemetry Collector where it has them.
package struct SpanMetricsConfig: Sendable {
    /// A label taken from the span's attributes, else from its resource's.
    struct Dimension: Sendable, Hashable {
        var name: String
        /// The value where neither has it; nil leaves the label out.
        var fallback: String?
        /// Instead of one name, all that match.
        var glob: Glob?
    }

    enum Temporality: String, CaseIterable, Sendable {
        case cumulative = "AGGREGATION_TEMPORALITY_CUMULATIVE"
        case delta = "AGGREGATION_TEMPORALITY_DELTA"
    }

    enum Buckets: Sendable {
        case explicit([Duration])
        case exponential(maxSize: Int)
    }

    var hasHistogram: Bool
    var unit: DurationUnit
    var buckets: Buckets
    var histogramDimensions: [Dimension]
    var dimensions: [Dimension]
    var callsDimensions: [Dimension]
    /// Names of labels that are left out, the four standard ones included.
    var excluded: Set<String>
    var temporality: Temporality
    var flushInterval: Duration
    /// How long a resource without spans is shown; nil for ever.
    var resourceExpiration: Duration?
    /// How long a series without spans is shown; nil for ever.
    var seriesExpiration: Duration?
    var resourceLimit: Int
    /// The resource attributes that tell resources apart; all when empty.
    var resourceKeys: [String]
    /// The most series of one metric for each resource; nil for no limit of its own.
    var seriesLimit: Int?
    /// The most values of one label for each service; nil for no limit.
    var valueLimit: Int?
    var namespace: String
    /// Exemplars on a point; nil when there are to be none.
    var exemplarLimit: Int?
    /// The labels of events from their attributes; nil when events are not counted.
    var eventDimensions: [Dimension]?
    var scopes: Set<String>
    var addsResource: Bool
    var addsSamplingMethod: Bool

    package init(_ reader: ConfigReader) {
        let histogram = reader.settings("histogram")
        hasHistogram = !histogram.bool("disable", default: false)
        unit = histogram.enumeration("unit", default: .milliseconds)
        buckets = Self.buckets(histogram)
        histogramDimensions = Self.dimensions("dimensions", of: histogram)
        dimensions = Self.dimensions("dimensions", of: reader)
        callsDimensions = Self.dimensions("calls_dimensions", of: reader)
        excluded = Set(reader.strings("exclude_dimensions"))
        temporality = reader.enumeration("aggregation_temporality", default: .cumulative)
        flushInterval = reader.duration("metrics_flush_interval", default: .seconds(60), allowsZero: false)
        resourceExpiration = Self.expiration("metrics_expiration", of: reader)
        seriesExpiration = Self.expiration("series_expiration", of: reader)
        resourceLimit = reader.integer("resource_metrics_cache_size", default: 1000, in: 1...1_000_000)
        resourceKeys = reader.strings("resource_metrics_key_attributes")
        seriesLimit = Self.limit("aggregation_cardinality_limit", default: 0, of: reader)
        valueLimit = Self.limit("dimension_cardinality_limit", default: 1000, of: reader)
        namespace = reader.string("namespace", default: "traces.span.metrics")
        let exemplars = reader.settings("exemplars")
        let exemplarCount = exemplars.integer("max_per_data_point", default: 5, in: 1...100)
        exemplarLimit = exemplars.bool("enabled", default: false) ? exemplarCount : nil
        let events = reader.settings("events")
        let labels = Self.dimensions("dimensions", of: events)
        eventDimensions = events.bool("enabled", default: false) ? labels : nil
        if eventDimensions?.isEmpty == true {
            events.error(
                "dimensions", "must name at least one attribute of events, for example `{name: exception.type}`")
        }
        scopes = Set(reader.strings("include_instrumentation_scope"))
        addsResource = reader.bool("add_resource_attributes", default: true)
        addsSamplingMethod = reader.bool("enable_metrics_sampling_method", default: false)
        reader.hint("metric_timestamp_cache_size")
        reader.hint("dimensions_cache_size")
        Self.checkNames(
            [("dimensions", dimensions), ("calls_dimensions", callsDimensions)], common: dimensions, reader)
        Self.checkNames([("dimensions", histogramDimensions)], common: dimensions, histogram)
        Self.checkNames([("dimensions", labels)], common: dimensions, events)
        noteStrangeExclusions(reader)
        reader.finish()
    }

    /// Says which excluded names are those of no label: they do not harm, but were hardly meant so.
    private func noteStrangeExclusions(_ reader: ConfigReader) {
        let all = dimensions + callsDimensions + histogramDimensions + (eventDimensions ?? [])
        let known = Self.standardLabels + all.map(\.name).filter { !$0.isEmpty }
        for name in excluded.subtracting(known).sorted() where !all.contains(where: { $0.glob?.matches(name) == true })
        {
            // The OpenTelemetry Collector adds it when it is told to.
            if name == "collector.instance.id" { continue }
            reader.warning(
                "exclude_dimensions",
                "no label is called `\(name)`\(suggestion(for: name, among: known)); nothing is left out for it")
        }
    }

    private static func buckets(_ reader: ConfigReader) -> Buckets {
        let explicit = reader.section("explicit")
        let exponential = reader.section("exponential")
        if explicit != nil, exponential != nil {
            reader.error("exponential", "cannot stand beside `explicit`; keep one of them")
        }
        let bounds = explicit?.bounds("buckets") ?? HistogramBounds.standard
        let maxSize = exponential?.integer("max_size", default: 160, in: 2...1024)
        return maxSize.map { .exponential(maxSize: $0) } ?? .explicit(bounds)
    }

    private static func dimensions(_ key: String, of reader: ConfigReader) -> [Dimension] {
        reader.sections(key).map { item in
            let fallback = item.optionalString("default")
            guard let pattern = item.optionalString("glob") else {
                return Dimension(name: item.requiredString("name", example: "http.request.method"), fallback: fallback)
            }
            if item.optionalString("name") != nil { item.error("glob", "cannot stand beside `name`; keep one of them") }
            if fallback != nil { item.warning("default", "is without effect beside `glob`") }
            let glob = Glob(pattern)
            if glob == nil { item.error("glob", "`\(pattern)` is no pattern of attribute names such as `http.*`") }
            return Dimension(name: "", fallback: nil, glob: glob)
        }
    }

    private static func expiration(_ key: String, of reader: ConfigReader) -> Duration? {
        let duration = reader.duration(key, default: .zero)
        return duration > .zero ? duration : nil
    }

    private static func limit(_ key: String, default fallback: Int, of reader: ConfigReader) -> Int? {
        let limit = reader.integer(key, default: fallback, in: 0...100_000_000)
        return limit > 0 ? limit : nil
    }

    /// Labels that no glob adds: they are there already, or are not to be.
    var ownNames: Set<String> {
        excluded.union(Self.standardLabels).union([
            "sampling.method", "span.instrumentation.scope.name", "span.instrumentation.scope.version",
            SeriesLabel.overflow.name,
        ])
    }

    /// The labels that every series has.
    static let standardLabels = ["service.name", "span.name", "span.kind", "status.code"]

    /// A label has one source.
    private static func checkNames(
        _ lists: [(key: String, dimensions: [Dimension])], common: [Dimension], _ reader: ConfigReader
    ) {
        for (key, dimensions) in lists {
            var seen = Set(standardLabels + (dimensions == common ? [] : common.map(\.name)))
            let globs = (common + dimensions).compactMap(\.glob)
            for dimension in dimensions where dimension.glob == nil && !dimension.name.isEmpty {
                if !seen.insert(dimension.name).inserted {
                    reader.error(key, "the label `\(dimension.name)` is there already; name each once")
                } else if let glob = globs.first(where: { $0.matches(dimension.name) }) {
                    reader.error(key, "the glob `\(glob.text)` finds `\(dimension.name)` already; keep one of them")
                }
            }
            for name in common.map(\.name) where !name.isEmpty {
                if let glob = dimensions.compactMap(\.glob).first(where: { $0.matches(name) }), dimensions != common {
                    reader.error(key, "the glob `\(glob.text)` finds `\(name)` of `dimensions` again; keep one of them")
                }
            }
        }
    }
}
