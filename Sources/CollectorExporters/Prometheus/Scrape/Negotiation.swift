extension ScrapeFormat {
    /// What a scrape with these headers gets (conformance 181, 184 to 187): the wanted format that is supported, else
    /// text 0.0.4.
    init(accept: String?, offersOpenMetrics: Bool) {
        for entry in AcceptEntry.wanted(accept ?? "") {
            guard let format = Self.format(entry, offersOpenMetrics) else { continue }
            let escaping = entry.parameters["escaping"].flatMap(EscapingScheme.init) ?? .underscores
            self.init(format: format, escaping: escaping)
            // Of a range of types it says nothing, and must not be repeated.
            if let version = Self.otherVersions[entry.value], version == entry.parameters["version"] {
                self.version = version
            }
            return
        }
        self.init(format: .prometheus, escaping: .underscores)
    }

    /// Versions with the same body as the usual one.
    private static let otherVersions = ["application/openmetrics-text": "0.0.1", "text/plain": "1.0.0"]

    private static func format(_ entry: AcceptEntry, _ offersOpenMetrics: Bool) -> ExpositionFormat? {
        let version = entry.parameters["version"] ?? ""
        switch entry.value {
        case "application/openmetrics-text" where ["", "1.0.0", "0.0.1"].contains(version), "application/*":
            return offersOpenMetrics ? .openMetrics : nil
        case "application/vnd.google.protobuf"
        where entry.parameters["proto"] == ScrapeFormat.protobufMessage && entry.parameters["encoding"] == "delimited":
            return .protobuf
        case "text/plain" where ["", "0.0.4"].contains(version), "text/*", "*/*":
            return .prometheus
        case "text/plain" where version == "1.0.0" && entry.parameters["escaping"].flatMap(EscapingScheme.init) != nil:
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
