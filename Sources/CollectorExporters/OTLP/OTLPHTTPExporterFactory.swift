package import CollectorCore
import CollectorTransport
import NIOPosix

/// `otlp_http`: OTLP/HTTP with protobuf bodies.
package struct OTLPHTTPExporterFactory: ExporterFactory {
    package let type = "otlp_http"
    package let aliases = ["otlphttp"]
    package let signals = Set(Signal.allCases)
    package let summary = "Sends OTLP/HTTP (protobuf) to a backend."

    package init() {}

    package func readConfig(_ reader: ConfigReader) -> OTLPHTTPExporterConfig { OTLPHTTPExporterConfig(reader) }

    package func make(
        _ config: OTLPHTTPExporterConfig, _ context: ComponentContext, signal: Signal
    ) throws(ComponentError) -> any ConsumingComponent {
        guard let endpoint = config.endpoints[signal] else {
            throw ComponentError(
                "exporter \(context.id) has no endpoint for \(signal.rawValue); set `endpoint` or "
                    + "`\(signal.rawValue)_endpoint`")
        }
        let transport = try OTLPHTTPTransport(config, endpoint: endpoint, signal: signal, context)
        return QueuedExporter(config.sending, signal: signal, context, transport)
    }
}
