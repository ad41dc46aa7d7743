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
    func checkSignals(of pipeline: PipelineConfig, registry: ComponentRegistry) {
        check(pipeline.receivers, pipeline, registry.receivers)
        check(pipeline.processors, pipeline, registry.processors)
        check(pipeline.exporters, pipeline, registry.exporters)
    }

    private func check<Factory>(
        _ references: [ComponentReference], _ pipeline: PipelineConfig, _ factories: [Factory]
    ) {
        for reference in references {
            guard let found: Factory = factories.factory(named: reference.id.type),
                let factory = found as? any ComponentFactory, !factory.signals.contains(pipeline.signal)
            else { continue }
            let supported = factory.signals.map(\.rawValue).sorted().joined(separator: ", ")
            diagnostics.error(
                at: reference.mark, path: reference.path,
                "`\(reference.id)` cannot be used in pipeline `\(pipeline)`: it works on \(supported)")
        }
    }
}
