package import CollectorCore

/// Makes `exemplars` processors: used in a traces and in a metrics pipeline under the same id, both work on one store.
package struct ExemplarsFactory: ProcessorFactory {
    package init() {}

    package var type: String { "exemplars" }
    package var signals: Set<Signal> { [.traces, .metrics] }
    package var summary: String { "gives histograms exemplars whose traces were kept, and only those" }

    package func readConfig(_ reader: ConfigReader) -> ExemplarsConfig { ExemplarsConfig(reader) }

    package func make(
        _ config: ExemplarsConfig, _ context: ComponentContext, signal: Signal, next: any Consumer
    ) throws(ComponentError) -> any ConsumingComponent {
        let store = context.shared.object("processor/\(context.id)") { ExemplarStore(config, context) }
        guard let store else {
            throw ComponentError("\(context.id): another component stands under this id; rename one of them")
        }
        switch signal {
        case .traces:
            return TransformingProcessor(KeptSpans(store: store), account: context.account, next: next)
        case .metrics:
            store.addMetricsSide()
            return TransformingProcessor(
                PointExemplars(store: store, budget: context.budget), account: context.account, next: next)
        case .logs:
            throw ComponentError(
                "\(context.id): use it in a traces and in a metrics pipeline; log records have no exemplars")
        }
    }
}
