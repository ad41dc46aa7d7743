/// The text formats, by the version their content types name.
enum TextFormat: CaseIterable, Sendable {
    /// `text/plain; version=0.0.4`
    case prometheus
    /// `application/openmetrics-text; version=1.0.0`
    case openMetrics

    var numberStyle: NumberStyle { self == .prometheus ? .text : .openMetrics }
}

/// What was negotiated for one scrape.
struct ScrapeFormat: Hashable, Sendable {
    var format: TextFormat
    var escaping: EscapingScheme

    /// All combinations, in the order of `index`.
    static let all = TextFormat.allCases.flatMap { format in
        EscapingScheme.allCases.map { ScrapeFormat(format: format, escaping: $0) }
    }

    /// The position in `all`.
    var index: Int { Self.all.firstIndex(of: self) ?? 0 }

    var contentType: String {
        let base = format == .prometheus ? "text/plain; version=0.0.4" : "application/openmetrics-text; version=1.0.0"
        return "\(base); charset=utf-8; escaping=\(escaping.rawValue)"
    }
}
