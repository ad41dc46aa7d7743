package import CollectorCore

/// The section of a `prometheus` exporter. Keys and defaults are those of the OpenTelemetry Collector;
/// `exemplar_max_age`, `created_timestamps`, `metric_expirations`, `non_monotonic_deltas` and `report_omissions` are
/// ours.
package struct PrometheusConfig: Sendable {
    /// `host:port` of the scrape endpoint; the path is `/metrics`.
    package var endpoint = ""
    /// Stands in front of every name.
    package var namespace = ""
    /// Added to every series but the target metadata.
    package var constantLabels: [(name: String, value: String)] = []
    /// Whether samples carry their points' time (conformance 143: not by default).
    package var sendsTimestamps = false
    /// A series goes when no point came for so long; nil keeps it for good (`0`).
    package var expirations = Expirations(standard: .seconds(300))
    package var nonMonotonicDeltas = NonMonotonicDeltas.accumulate
    package var resourceToTelemetry = ResourceToTelemetry()
    /// Whether scrapers that ask for OpenMetrics get it, and with it exemplars.
    package var enablesOpenMetrics = false
    package var withoutScopeInfo = false
    package var translationStrategy = TranslationStrategy.underscoreEscapingWithSuffixes
    /// An exemplar is shown until a newer one of its bucket comes, but not longer than this; nil for no limit (`0`).
    package var exemplarMaxAge: Duration? = .seconds(300)
    /// Whether OpenMetrics shows `_created` lines (conformance 144). Off like in the OpenTelemetry Collector: each is
    /// one more series in Prometheus.
    package var showsCreatedTimestamps = false
    /// Whether scrapes say what they had to leave out or repair.
    package var reportsOmissions = false
    package var readHeaderTimeout: Duration?
    package var idleTimeout: Duration?
    /// How long a scraper may take for a piece of its answer.
    package var writeTimeout: Duration?
    package var responseHeaders: [(name: String, value: String)] = []

    /// What happens to deltas of sums that may fall.
    package enum NonMonotonicDeltas: String, CaseIterable, Sendable {
        /// They add up from zero on: the changes are right, whatever the value was that they started from.
        case accumulate
        /// What the OpenTelemetry Collector does, since nobody knows that value.
        case drop
    }

    /// `resource_to_telemetry_conversion`.
    package struct ResourceToTelemetry: Sendable {
        package var isEnabled = false
        package var excludesServiceAttributes = false
    }

    package init() {}

    package init(_ reader: ConfigReader) {
        endpoint = reader.requiredString("endpoint", example: "localhost:8889")
        namespace = reader.string("namespace", default: "")
        constantLabels = reader.stringMap("const_labels")
        if constantLabels.contains(where: \.name.isEmpty) {
            reader.error("const_labels", "has a label without a name; give it one or leave it out")
        }
        sendsTimestamps = reader.bool("send_timestamps", default: false)
        expirations.standard = Self.limit(reader.duration("metric_expiration", default: .seconds(300)))
        expirations.rules = reader.sections("metric_expirations").compactMap(Self.rule)
        nonMonotonicDeltas =
            reader.optionalEnumeration("non_monotonic_deltas", as: NonMonotonicDeltas.self) ?? .accumulate
        let conversion = reader.settings("resource_to_telemetry_conversion")
        resourceToTelemetry.isEnabled = conversion.bool("enabled", default: false)
        resourceToTelemetry.excludesServiceAttributes = conversion.bool("exclude_service_attributes", default: false)
        enablesOpenMetrics = reader.bool("enable_open_metrics", default: false)
        withoutScopeInfo = reader.bool("without_scope_info", default: false)
        translationStrategy = Self.strategy(reader)
        exemplarMaxAge = Self.limit(reader.duration("exemplar_max_age", default: .seconds(300)))
        showsCreatedTimestamps = reader.bool("created_timestamps", default: false)
        reportsOmissions = reader.bool("report_omissions", default: false)
        readServerKeys(reader)
        reader.finish()
    }

    /// An item of `metric_expirations`; nil, reported, when it is mistaken.
    private static func rule(_ item: ConfigReader) -> Expirations.Rule? {
        let pattern = item.requiredString("metrics", example: "^process_")
        let expiration = item.optionalDuration("expiration")
        if expiration == nil, !item.has("expiration") {
            item.error("expiration", "must be set, for example `1h`; `0` means never")
            return nil
        }
        do throws(RegularExpressionError) {
            return Expirations.Rule(metrics: try RegularExpression(pattern), expiration: expiration.flatMap(limit))
        } catch {
            item.error("metrics", error.description)
            return nil
        }
    }

    private static func limit(_ duration: Duration) -> Duration? { duration == .zero ? nil : duration }

    /// `translation_strategy`, or what the deprecated `add_metric_suffixes` means when that is not set.
    private static func strategy(_ reader: ConfigReader) -> TranslationStrategy {
        let addsSuffixes = reader.optionalBool("add_metric_suffixes")
        let fallback: TranslationStrategy =
            addsSuffixes == false ? .underscoreEscapingWithoutSuffixes : .underscoreEscapingWithSuffixes
        if reader.node("translation_strategy").map(isEmptyText) == true { return fallback }
        guard let strategy = reader.optionalEnumeration("translation_strategy", as: TranslationStrategy.self) else {
            return fallback
        }
        if addsSuffixes != nil {
            reader.note("add_metric_suffixes", "without effect beside `translation_strategy`")
        }
        return strategy
    }

    private static func isEmptyText(_ node: ConfigNode) -> Bool {
        if case .scalar("", _) = node.value { true } else { false }
    }

    /// Whether a section says that what it is for is not wanted: by `enabled: false`, or by nothing.
    private static func isOff(_ node: ConfigNode) -> Bool {
        switch node.value {
        case .null: return true
        case .scalar(let text, _): return text.isEmpty
        case .list(let items): return items.isEmpty
        case .map(let entries):
            guard let enabled = entries.first(where: { $0.key == "enabled" }) else { return entries.isEmpty }
            if case .scalar("false", quoted: false) = enabled.value.value { return true }
            return false
        }
    }

    /// The keys of the OpenTelemetry Collector's HTTP server.
    private mutating func readServerKeys(_ reader: ConfigReader) {
        readHeaderTimeout = reader.optionalDuration("read_header_timeout")
        idleTimeout = reader.optionalDuration("idle_timeout")
        writeTimeout = reader.optionalDuration("write_timeout")
        responseHeaders = reader.stringMap("response_headers")
        for (key, reason) in [
            ("tls", "the scrape endpoint speaks plain HTTP; put a TLS proxy in front or scrape on localhost"),
            ("auth", "the scrape endpoint has no authentication; bind it to localhost or put a proxy in front"),
            ("cors", "the scrape endpoint is not for browsers"),
            ("middlewares", "there are no middleware extensions"),
            ("sending_queue", "the scrape endpoint sends nothing"),
        ] where reader.node(key).map(Self.isOff) == false {
            reader.unsupported(key, because: reason)
        }
        for key in [
            "read_timeout", "max_request_body_size", "include_metadata", "keep_alives_enabled",
            "compression_algorithms", "compression_params",
        ] where reader.has(key) {
            reader.note(
                key,
                "accepted for compatibility and without effect: scrapes have no body, and slow scrapers time out"
            )
        }
    }
}
