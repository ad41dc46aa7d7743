package import CollectorCore

/// `otlp`: OTLP over gRPC and HTTP.
package struct OTLPReceiverFactory: ReceiverFactory {
    package let type = "otlp"
    package let signals = Set(Signal.allCases)
    package let summary = "Takes OTLP over gRPC (4317) and HTTP (4318)."

    package init() {}

    package func readConfig(_ reader: ConfigReader) -> OTLPReceiverConfig { OTLPReceiverConfig(reader) }

    package func make(
        _ config: OTLPReceiverConfig, _ context: ComponentContext, next: [Signal: any Consumer]
    ) throws(ComponentError) -> any Component {
        OTLPReceiver(config, context, next: next)
    }
}
