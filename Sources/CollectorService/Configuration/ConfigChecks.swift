package import CollectorCore

// What must hold between sections: whatever is named is defined, connectors join two pipelines, nothing is defined in
// vain.
extension CollectorConfig {
    func checkReferences(_ diagnostics: Diagnostics) {
        for pipeline in pipelines {
            for reference in pipeline.receivers { check(reference, isIn: [.receivers, .connectors], diagnostics) }
            for reference in pipeline.processors { check(reference, isIn: [.processors], diagnostics) }
            for reference in pipeline.exporters { check(reference, isIn: [.exporters, .connectors], diagnostics) }
        }
        for reference in extensions { check(reference, isIn: [.extensions], diagnostics) }
    }

    private func check(_ reference: ComponentReference, isIn sections: [ComponentSection], _ diagnostics: Diagnostics) {
        let id = reference.id
        let homes = sections.filter { component(id, in: $0) != nil }
        if homes.count > 1 {
            diagnostics.error(
                at: reference.mark, path: reference.path,
                "`\(id)` is defined under `\(homes[0].rawValue)` and under `\(homes[1].rawValue)`; "
                    + "name one of them otherwise"
            )
        }
        guard homes.isEmpty else { return }
        let expected = sections[0]
        if let other = ComponentSection.allCases.first(where: { component(id, in: $0) != nil }) {
            diagnostics.error(
                at: reference.mark, path: reference.path,
                "`\(id)` is defined under `\(other.rawValue)`; expected one of `\(expected.rawValue)`")
            return
        }
        let defined = sections.flatMap { components(in: $0) }.map(\.id.description)
        let hint = didYouMean(id.description, among: defined).map { "; did you mean `\($0)`?" } ?? ""
        diagnostics.error(
            at: reference.mark, path: reference.path, "`\(id)` is not defined under `\(expected.rawValue)`\(hint)")
    }

    /// A connector ends one pipeline and begins another; used on one side only, it would lose or never see data.
    func checkConnectors(_ diagnostics: Diagnostics) {
        for connector in components(in: .connectors) {
            let ends = pipelines.contains { $0.exporters.contains { $0.id == connector.id } }
            let begins = pipelines.contains { $0.receivers.contains { $0.id == connector.id } }
            guard ends != begins else { continue }
            let (has, lacks) = ends ? ("an exporter", "a receiver") : ("a receiver", "an exporter")
            diagnostics.error(
                at: connector.mark, path: connector.node.path,
                "the connector is used as \(has) but not as \(lacks); it must be both, in different pipelines")
        }
    }

    /// What a pipeline's connectors make must not come back to it.
    func checkCircles(_ diagnostics: Diagnostics) {
        let connectors = Set(components(in: .connectors).map(\.id))
        guard let circle = PipelineOrder.circle(pipelines, connectors: connectors), let first = circle.first else {
            return
        }
        let way = (circle + [first]).map { "`\($0)`" }.joined(separator: " to ")
        diagnostics.error(
            at: first.mark, path: first.path,
            "connectors lead from pipeline \(way): what comes in would go round for ever; take one of them out")
    }

    func noteUnused(_ diagnostics: Diagnostics) {
        var used: [ComponentSection: Set<ComponentID>] = [:]
        for pipeline in pipelines {
            used[.receivers, default: []].formUnion(pipeline.receivers.map(\.id))
            used[.processors, default: []].formUnion(pipeline.processors.map(\.id))
            used[.exporters, default: []].formUnion(pipeline.exporters.map(\.id))
            used[.connectors, default: []].formUnion((pipeline.receivers + pipeline.exporters).map(\.id))
        }
        used[.extensions] = Set(extensions.map(\.id))
        for component in components where used[component.section]?.contains(component.id) != true {
            let place =
                component.section == .extensions ? "`service.extensions` does not name it" : "no pipeline uses it"
            diagnostics.note(at: component.mark, path: component.node.path, "defined, but \(place); it will not run")
        }
    }

    /// Reports a component whose type no factory knows; `known` are the types there are in its section.
    package static func reportUnknownType(
        of component: ConfiguredComponent, known: [String], in diagnostics: Diagnostics
    ) {
        let hint = suggestion(for: component.id.type, among: known)
        diagnostics.error(
            at: component.mark, path: component.node.path,
            "there is no \(component.section.singular) of type `\(component.id.type)` here\(hint)")
    }
}
