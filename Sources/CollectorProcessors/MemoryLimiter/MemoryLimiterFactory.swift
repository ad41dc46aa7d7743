package import CollectorCore

/// Makes `memory_limiter` processors.
package struct MemoryLimiterFactory: ProcessorFactory {
    private let total: Int

    /// - Parameter total: the memory the process may use, which percentages are of.
    package init(total: Int = MemoryTotal.bytes) {
        self.total = total
    }

    package var type: String { "memory_limiter" }
    package var signals: Set<Signal> { [.traces, .metrics, .logs] }
    package var summary: String { "lowers the byte budget and refuses new data before it is used up" }

    package func readConfig(_ reader: ConfigReader) -> MemoryLimiterConfig {
        MemoryLimiterConfig(reader, total: total)
    }

    package func make(
        _ config: MemoryLimiterConfig, _ context: ComponentContext, signal: Signal, next: any Consumer
    ) throws(ComponentError) -> any ConsumingComponent {
        TransformingProcessor(MemoryLimiter(config, context, signal), account: context.account, next: next)
    }
}
