package import CollectorCore

/// Makes `prometheus` exporters.
package struct PrometheusFactory: ExporterFactory {
    package init() {}

    package let type = "prometheus"
    package let signals: Set<Signal> = [.metrics]
    package let summary = "Shows metrics on an endpoint for Prometheus to scrape, with exemplars."

    package func readConfig(_ reader: ConfigReader) -> PrometheusConfig {
        PrometheusConfig(reader)
    }

    package func make(
        _ config: PrometheusConfig, _ context: ComponentContext, signal: Signal
    ) throws(ComponentError) -> any ConsumingComponent {
        PrometheusExporter(config, context)
    }
}
