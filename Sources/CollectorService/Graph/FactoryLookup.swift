import CollectorCore

/// Finds the factories of configured components and says what is wrong when there is none.
struct FactoryLookup {
    let diagnostics: Diagnostics

    func factory<Factory>(for component: ConfiguredComponent, among factories: [Factory]) -> Factory? {
        if let found: Factory = factories.factory(named: component.id.type) { return found }
        reportUnknown(
            component, known: factories.compactMap { $0 as? any ComponentFactory }.flatMap { [$0.type] + $0.aliases })
        return nil
    }

    func reportUnknown(_ component: ConfiguredComponent, known: [String]) {
        var message = "unknown type `\(component.id.type)` of \(component.section.singular)"
        if let suggestion = didYouMean(component.id.type, among: known) {
            message += "; did you mean `\(suggestion)`?"
        } else if !known.isEmpty {
            message += "; known types: \(known.sorted().joined(separator: ", "))"
        } else {
            message += "; this build has no \(component.section.rawValue)"
        }
        diagnostics.error(at: component.mark, path: component.node.path, message)
    }

    /// Every component of a pipeline must support the pipeline's signal.
    func checkSignals(of pipeline: PipelineConfig, in config: CollectorConfig, registry: ComponentRegistry) {
        let begins = pipeline.receivers.filter { config.component($0.id, in: .connectors) != nil }
        let ends = pipeline.exporters.filter { config.component($0.id, in: .connectors) != nil }
        let receivers = pipeline.receivers.filter { config.component($0.id, in: .receivers) != nil }
        let exporters = pipeline.exporters.filter { config.component($0.id, in: .exporters) != nil }
        check(receivers, pipeline, registry.receivers, verb: "works on", { $0.signals })
        check(pipeline.processors, pipeline, registry.processors, verb: "works on", { $0.signals })
        check(exporters, pipeline, registry.exporters, verb: "works on", { $0.signals })
        check(ends, pipeline, registry.connectors, role: " as an exporter", verb: "takes", { $0.signals })
        check(begins, pipeline, registry.connectors, role: " as a receiver", verb: "makes", { $0.connectorOutputs })
    }

    private func check<Factory>(
        _ references: [ComponentReference], _ pipeline: PipelineConfig, _ factories: [Factory], role: String = "",
        verb: String, _ signals: (any ComponentFactory) -> Set<Signal>
    ) {
        for reference in references {
            guard let found: Factory = factories.factory(named: reference.id.type),
                let factory = found as? any ComponentFactory, !signals(factory).contains(pipeline.signal)
            else { continue }
            let supported = signals(factory).map(\.rawValue).sorted().joined(separator: ", ")
            diagnostics.error(
                at: reference.mark, path: reference.path,
                "`\(reference.id)` cannot be used\(role) in pipeline `\(pipeline)`: it \(verb) \(supported)")
        }
    }
}

extension ComponentFactory {
    /// What a connector makes; nothing for other components.
    fileprivate var connectorOutputs: Set<Signal> { (self as? any ConnectorFactory)?.outputs ?? [] }
}
