/// The expositions there are, by the versions their content types name.
enum ExpositionFormat: CaseIterable, Sendable {
    /// `text/plain; version=0.0.4`; Prometheus 3 says 1.0.0 for the same text with any names.
    case prometheus
    /// `application/openmetrics-text; version=1.0.0`; servers before it was final say 0.0.1.
    case openMetrics
    /// `application/vnd.google.protobuf`: messages, each behind its length. The only one with native histograms.
    case protobuf

    var numberStyle: NumberStyle { self == .openMetrics ? .openMetrics : .text }
}

/// What was negotiated for one scrape.
struct ScrapeFormat: Hashable, Sendable {
    static let protobufMessage = "io.prometheus.client.MetricFamily"

    var format: ExpositionFormat
    var escaping: EscapingScheme
    /// The version that the content type names: of those with the same body the one that the scraper asked for.
    var version: String

    init(format: ExpositionFormat, escaping: EscapingScheme) {
        self.format = format
        self.escaping = escaping
        version = format == .openMetrics ? "1.0.0" : "0.0.4"
    }

    /// All combinations, in the order of `index`.
    static let all = ExpositionFormat.allCases.flatMap { format in
        EscapingScheme.allCases.map { ScrapeFormat(format: format, escaping: $0) }
    }

    /// The position in `all`.
    var index: Int { Self.all.firstIndex { $0.format == format && $0.escaping == escaping } ?? 0 }

    var contentType: String {
        let base =
            switch format {
            case .prometheus: "text/plain; version=\(version); charset=utf-8"
            case .openMetrics: "application/openmetrics-text; version=\(version); charset=utf-8"
            case .protobuf: "application/vnd.google.protobuf; proto=\(Self.protobufMessage); encoding=delimited"
            }
        return "\(base); escaping=\(escaping.rawValue)"
    }
}
