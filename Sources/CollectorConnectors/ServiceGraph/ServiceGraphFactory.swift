package import CollectorCore

/// Makes `service_graph` connectors.
package struct ServiceGraphFactory: ConnectorFactory {
    package init() {}

    package var type: String { "service_graph" }
    package var aliases: [String] { ["servicegraph"] }
    package var signals: Set<Signal> { [.traces] }
    package var outputs: Set<Signal> { [.metrics] }
    package var summary: String { "finds which services call which, from pairs of client and server spans" }

    package func readConfig(_ reader: ConfigReader) -> ServiceGraphConfig { ServiceGraphConfig(reader) }

    package func make(
        _ config: ServiceGraphConfig, _ context: ComponentContext, signal: Signal, next: [Signal: any Consumer]
    ) throws(ComponentError) -> any ConsumingComponent {
        guard let next = next[.metrics] else {
            throw ComponentError("connector \(context.id): it begins no metrics pipeline")
        }
        return ServiceGraph(config, context, next: next)
    }
}
