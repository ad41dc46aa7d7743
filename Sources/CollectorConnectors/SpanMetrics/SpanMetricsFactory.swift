package import CollectorCore

/// Makes `span_metrics` connectors.
package struct SpanMetricsFactory: ConnectorFactory {
    package init() {}

    package var type: String { "span_metrics" }
    package var aliases: [String] { ["spanmetrics"] }
    package var signals: Set<Signal> { [.traces] }
    package var outputs: Set<Signal> { [.metrics] }
    package var summary: String { "counts spans and their durations by service, name, kind and status" }

    package func readConfig(_ reader: ConfigReader) -> SpanMetricsConfig { SpanMetricsConfig(reader) }

    package func make(
        _ config: SpanMetricsConfig, _ context: ComponentContext, signal: Signal, next: [Signal: any Consumer]
    ) throws(ComponentError) -> any ConsumingComponent {
        guard let next = next[.metrics] else {
            throw ComponentError("connector \(context.id): it begins no metrics pipeline")
        }
        return SpanMetrics(config, context, next: next)
    }
}
