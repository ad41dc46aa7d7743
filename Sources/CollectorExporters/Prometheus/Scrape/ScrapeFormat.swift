/// The expositions there are, by the versions their content types name.
enum ExpositionFormat: CaseIterable, Sendable {
    /// `text/plain; version=0.0.4`
    case prometheus
    /// `application/openmetrics-text; version=1.0.0`
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

    /// All combinations, in the order of `index`.
    static let all = ExpositionFormat.allCases.flatMap { format in
        EscapingScheme.allCases.map { ScrapeFormat(format: format, escaping: $0) }
    }

    /// The position in `all`.
    var index: Int { Self.all.firstIndex(of: self) ?? 0 }

    var contentType: String {
        let base =
            switch format {
            case .prometheus: "text/plain; version=0.0.4; charset=utf-8"
            case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
            case .protobuf: "application/vnd.google.protobuf; proto=\(Self.protobufMessage); encoding=delimited"
            }
        return "\(base); escaping=\(escaping.rawValue)"
    }
}
