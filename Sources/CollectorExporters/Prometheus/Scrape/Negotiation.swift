extension ScrapeFormat {
    /// What a scrape with these headers gets (conformance 181, 184 to 187): the wanted format that is supported, else
    /// text 0.0.4.
    init(accept: String?, offersOpenMetrics: Bool) {
        for entry in AcceptEntry.wanted(accept ?? "") {
            guard let format = Self.format(entry, offersOpenMetrics) else { continue }
            let escaping = entry.parameters["escaping"].flatMap(EscapingScheme.init) ?? .underscores
            self.init(format: format, escaping: escaping)
            return
        }
        self.init(format: .prometheus, escaping: .underscores)
    }

    private static func format(_ entry: AcceptEntry, _ offersOpenMetrics: Bool) -> ExpositionFormat? {
        let version = entry.parameters["version"] ?? ""
        switch entry.value {
        case "application/openmetrics-text" where version.isEmpty || version == "1.0.0", "application/*":
            return offersOpenMetrics ? .openMetrics : nil
        case "application/vnd.google.protobuf"
        where entry.parameters["proto"] == ScrapeFormat.protobufMessage && entry.parameters["encoding"] == "delimited":
            return .protobuf
        case "text/plain" where version.isEmpty || version == "0.0.4", "text/*", "*/*":
            return .prometheus
        default:
            return nil
        }
    }
}

/// Whether an answer may be compressed with gzip (conformance 188; RFC 9110, 12.5.3).
func acceptsGzip(_ acceptEncoding: String?) -> Bool {
    let entries = AcceptEntry.all(acceptEncoding ?? "")
    let gzip = entries.first { $0.value == "gzip" || $0.value == "x-gzip" } ?? entries.first { $0.value == "*" }
    return (gzip?.quality ?? 0) > 0
}
