package import CollectorCore

/// `otlp_grpc`: OTLP over gRPC.
package struct OTLPGRPCExporterFactory: ExporterFactory {
    package let type = "otlp_grpc"
    package let aliases = ["otlp"]
    package let signals = Set(Signal.allCases)
    package let summary = "Sends OTLP/gRPC to a backend."

    package init() {}

    package func readConfig(_ reader: ConfigReader) -> OTLPGRPCExporterConfig { OTLPGRPCExporterConfig(reader) }

    package func make(
        _ config: OTLPGRPCExporterConfig, _ context: ComponentContext, signal: Signal
    ) throws(ComponentError) -> any ConsumingComponent {
        let transport = try OTLPGRPCTransport(config, signal: signal, context)
        return QueuedExporter(config.sending, signal: signal, context, transport)
    }
}
