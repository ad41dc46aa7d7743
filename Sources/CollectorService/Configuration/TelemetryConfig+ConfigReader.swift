import CollectorCore

extension TelemetryConfig {
    init(_ reader: ConfigReader) {
        logs = Logs(reader.settings("logs"))
        metrics = Metrics(reader.settings("metrics"))
        resource = readResource(from: reader)
        let traces = reader.settings("traces")
        traces.hint("level")
        traces.hint("propagators")
        if !traces.list("processors").isEmpty {
            traces.error("processors", "not supported: this collector makes no spans of its own")
        }
    }
}

extension TelemetryConfig.Logs {
    fileprivate init(_ reader: ConfigReader) {
        level = reader.enumeration("level", default: .info)
        encoding = reader.enumeration("encoding", default: .console)
        initialFields = reader.stringMap("initial_fields")
        output = .stderr
        for key in ["development", "disable_caller", "disable_stacktrace", "sampling", "error_output_paths"] {
            reader.hint(key)
        }
        let outputs = reader.strings("output_paths", default: ["stderr"])
        if outputs.count == 1, let known = TelemetryConfig.LogOutput(rawValue: outputs[0]) {
            output = known
        } else {
            reader.error("output_paths", "expected one of `stderr` and `stdout`")
        }
        if !reader.list("processors").isEmpty {
            reader.error("processors", "not supported: the log goes to `stderr` or `stdout` only")
        }
    }
}

extension TelemetryConfig.Metrics {
    fileprivate init(_ reader: ConfigReader) {
        level = reader.enumeration("level", default: .normal)
        if !reader.list("views").isEmpty { reader.error("views", "not supported: all own metrics are served") }
        let address = reader.optional("address") { (node) throws(ConfigMistake) in
            try TelemetryConfig.ScrapeEndpoint(address: node.decodeString())
        }
        if reader.node("readers")?.isNull == false {
            endpoints = reader.sections("readers").compactMap(readEndpoint)
            if address != nil { reader.error("address", "cannot be combined with `readers`, which replaces it") }
        } else {
            endpoints = [address ?? TelemetryConfig.ScrapeEndpoint(host: "localhost", port: 8888)]
        }
        if level == .none { endpoints = [] }
    }
}

extension TelemetryConfig.ScrapeEndpoint {
    /// The former notation, `host:port` with the host left out for all addresses.
    fileprivate init(address: String) throws(ConfigMistake) {
        guard let colon = address.lastIndex(of: ":"),
            let port = Int(address[address.index(after: colon)...]), (0...65535).contains(port)
        else { throw ConfigMistake("expected an address such as localhost:8888, found `\(address)`") }
        let host = address[..<colon]
        let bare = host.hasPrefix("[") && host.hasSuffix("]") ? host.dropFirst().dropLast() : host
        self.init(host: String(bare), port: port)
    }
}

/// One item of `readers`: `{pull: {exporter: {prometheus: {host, port, …}}}}`. Names stay those of the default endpoint unless
/// the reader asks for others: a metric that changes its name with its port helps nobody.
private func readEndpoint(_ reader: ConfigReader) -> TelemetryConfig.ScrapeEndpoint? {
    reader.unsupported("periodic", because: "own metrics are not pushed; scrape them with a `pull` reader")
    guard let exporter = reader.section("pull")?.settings("exporter"), let prometheus = exporter.section("prometheus")
    else {
        if !reader.has("periodic") {
            reader.error(nil, "expected `pull: {exporter: {prometheus: {host: …, port: …}}}`")
        }
        return nil
    }
    let labels = prometheus.settings("with_resource_constant_labels")
    labels.hint("included")
    labels.hint("excluded")
    return TelemetryConfig.ScrapeEndpoint(
        host: prometheus.string("host", default: "localhost"),
        port: prometheus.integer("port", default: 8888, in: 0...65535),
        withoutTypeSuffix: prometheus.bool("without_type_suffix", default: true),
        withoutUnits: prometheus.bool("without_units", default: true),
        withoutScopeInfo: prometheus.bool("without_scope_info", default: true))
}

/// Both notations: `{name: value}` and `{attributes: [{name: …, value: …}]}`.
private func readResource(from reader: ConfigReader) -> [(name: String, value: String?)] {
    var attributes: [(name: String, value: String?)] = []
    for entry in reader.map("resource") {
        if entry.key == "attributes", case .list = entry.value.value {
            let inner = ConfigReader(
                ConfigNode(.map([entry]), path: entry.value.path, mark: entry.keyMark), reader.diagnostics)
            for item in inner.sections("attributes") {
                attributes.append((item.requiredString("name"), item.optionalString("value")))
                _ = item.optionalString("type")
            }
            inner.finish()
            continue
        }
        if entry.value.isNull {
            attributes.append((entry.key, nil))
            continue
        }
        do {
            attributes.append((entry.key, try entry.value.decodeString()))
        } catch {
            reader.diagnostics.error(at: entry.value.mark, path: entry.value.path, error.message)
        }
    }
    return attributes
}
