import CollectorCore
import CollectorTransport

/// The settings of `otlp_grpc`, with the OpenTelemetry Collector's keys and defaults.
package struct OTLPGRPCExporterConfig: Sendable {
    var endpoint: OTLPEndpoint?
    var tls = ClientTLSSettings()
    var headers: [(name: String, value: String)] = []
    var timeout: Duration = .seconds(5)
    var waitsForReady = false
    var client = GRPCClientConfiguration()
    var sending = QueuedExporter.Settings()

    init(_ reader: ConfigReader) {
        if reader.requiredString("endpoint", example: "localhost:4317") != "" {
            endpoint = reader.optional("endpoint") { (node) throws(ConfigMistake) -> OTLPEndpoint in
                let text = try node.decodeString()
                do {
                    return try OTLPEndpoint.grpc(text)
                } catch {
                    throw ConfigMistake("\(error)")
                }
            }
        }
        tls = ClientTLSSettings(reader.settings("tls"))
        headers = reader.stringMap("headers", secret: true)
        timeout = reader.duration("timeout", default: timeout)
        waitsForReady = reader.bool("wait_for_ready", default: waitsForReady)
        sending = QueuedExporter.Settings(reader)
        if let keepalive = reader.section("keepalive") {
            var settings = GRPCKeepaliveSettings()
            settings.time = keepalive.duration("time", default: settings.time)
            settings.timeout = keepalive.duration("timeout", default: settings.timeout)
            settings.permitWithoutStream = keepalive.bool(
                "permit_without_stream", default: settings.permitWithoutStream)
            client.keepalive = settings
        }
        for key in ["read_buffer_size", "write_buffer_size", "balancer_name"] { reader.hint(key) }
        reader.unsupported("auth", because: "no authentication extension is available; set `headers`")
        reader.unsupported("authority", because: "the endpoint's own name is sent")
        reader.finish()
    }
}
