package import CollectorCore

/// Makes `batch` processors.
package struct BatchFactory: ProcessorFactory {
    package init() {}

    package var type: String { "batch" }
    package var signals: Set<Signal> { [.traces, .metrics, .logs] }
    package var summary: String { "joins small requests to larger ones, by size and time" }

    package func readConfig(_ reader: ConfigReader) -> BatchConfig { BatchConfig(reader) }

    package func make(
        _ config: BatchConfig, _ context: ComponentContext, signal: Signal, next: any Consumer
    ) throws(ComponentError) -> any ConsumingComponent {
        BatchProcessor(config, context, signal: signal, next: next)
    }
}
