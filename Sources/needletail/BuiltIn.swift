import CollectorConnectors
import CollectorCore
import CollectorExporters
import CollectorExtensions
import CollectorProcessors
import CollectorReceivers

/// The component types this executable knows. To add one, write its folder and name its factory here.
let builtIn = ComponentRegistry(
    receivers: [
        OTLPReceiverFactory()
    ],
    processors: [
        MemoryLimiterFactory(),
        BatchFactory(),
        ProbabilisticSamplerFactory(),
        TailSamplingFactory(),
        ExemplarsFactory(),
    ],
    connectors: [
        SpanMetricsFactory(),
        ServiceGraphFactory(),
    ],
    exporters: [
        OTLPHTTPExporterFactory(),
        OTLPGRPCExporterFactory(),
        PrometheusFactory(),
        FileExporterFactory(),
        DebugExporterFactory(),
        NopExporterFactory(),
    ],
    extensions: [
        HealthCheckFactory()
    ])
