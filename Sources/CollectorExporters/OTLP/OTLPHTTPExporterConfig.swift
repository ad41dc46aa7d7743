import CollectorCore
import CollectorTransport

/// The settings of `otlp_http`, with the OpenTelemetry Collector's keys and defaults.
package struct OTLPHTTPExporterConfig: Sendable {
    /// Where each signal goes; a signal without an endpoint cannot be exported.
    var endpoints: [Signal: OTLPEndpoint] = [:]
    var tls = ClientTLSSettings()
    var headers: [(name: String, value: String)] = []
    var timeout: Duration = .seconds(30)
    var client = HTTPClientConfiguration()
    var sending = QueuedExporter.Settings()

    init(_ reader: ConfigReader) {
        readEndpoints(reader)
        tls = ClientTLSSettings(reader.settings("tls"))
        headers = reader.stringMap("headers", secret: true)
        timeout = reader.duration("timeout", default: timeout)
        sending = QueuedExporter.Settings(reader)
        client.maxConnections = reader.optionalInteger("max_conns_per_host").flatMap { $0 == 0 ? nil : $0 }
        client.idleTimeout = reader.duration("idle_conn_timeout", default: client.idleTimeout)
        for key in [
            "read_buffer_size", "write_buffer_size", "max_idle_conns", "max_idle_conns_per_host",
            "http2_read_idle_timeout", "http2_ping_timeout", "force_attempt_http2",
        ] {
            reader.hint(key)
        }
        if reader.string("encoding", default: "proto") != "proto" {
            reader.error("encoding", "only `proto` is available")
        }
        reader.unsupported("auth", because: "no authentication extension is available; set `headers`")
        reader.unsupported("proxy_url", because: "connections are direct")
        reader.finish()
    }

    private mutating func readEndpoints(_ reader: ConfigReader) {
        let base = reader.optional("endpoint", Self.endpoint)
        for signal in Signal.allCases {
            let own = reader.optional("\(signal.rawValue)_endpoint", Self.endpoint)
            endpoints[signal] = own ?? base?.appending(signalPath: "v1/\(signal.rawValue)")
        }
        if endpoints.isEmpty, !reader.diagnostics.hasErrors || !reader.has("endpoint") {
            reader.error("endpoint", "is missing; expected the backend's URL such as http://localhost:4318")
        }
    }

    private static func endpoint(_ node: ConfigNode) throws(ConfigMistake) -> OTLPEndpoint {
        let text = try node.decodeString()
        do {
            return try OTLPEndpoint.http(text)
        } catch {
            throw ConfigMistake("\(error)")
        }
    }
}

extension QueuedExporter.Settings {
    /// Reads what all OTLP exporters share.
    init(_ reader: ConfigReader) {
        self.init()
        queue = SendingQueueConfig(reader.settings("sending_queue"))
        retry = RetryPolicy(reader.settings("retry_on_failure"))
        let name = reader.string("compression", default: "gzip")
        if name.isEmpty {
            compression = .none
        } else if let known = ExportCompression(rawValue: name) {
            compression = known
        } else {
            reader.error("compression", "`\(name)` is not available; expected gzip or none")
        }
        compressionLevel = reader.settings("compression_params").integer("level", default: compressionLevel, in: 1...9)
    }
}
