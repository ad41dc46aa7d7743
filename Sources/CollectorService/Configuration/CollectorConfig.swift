package import CollectorCore

/// The five sections of a configuration that define components.
package enum ComponentSection: String, Sendable, CaseIterable {
    case receivers, processors, connectors, exporters, extensions

    /// One component of the section, in messages.
    package var singular: String {
        String(rawValue.dropLast())
    }
}

/// A component as defined in its section. What its settings mean is its factory's business.
package struct ConfiguredComponent: Sendable {
    package let section: ComponentSection
    package let id: ComponentID
    package let node: ConfigNode
    /// Where the id stands.
    package let mark: SourceMark
}

/// The place where a pipeline (or `service.extensions`) names a component.
package struct ComponentReference: Sendable {
    package let id: ComponentID
    package let mark: SourceMark
    package let path: ConfigPath
}

/// One entry of `service.pipelines`.
package struct PipelineConfig: Sendable, CustomStringConvertible {
    package let signal: Signal
    /// Empty for the pipeline named by its signal alone.
    package let name: String
    package let mark: SourceMark
    package let path: ConfigPath
    /// Receivers or connectors, each once.
    package let receivers: [ComponentReference]
    /// In the order in which a batch passes them.
    package let processors: [ComponentReference]
    /// Exporters or connectors, each once.
    package let exporters: [ComponentReference]

    /// `traces` or `traces/name`.
    package var description: String {
        name.isEmpty ? signal.rawValue : "\(signal.rawValue)/\(name)"
    }
}

/// A whole configuration: merged, expanded, its outline understood. Components' settings are still trees.
package struct CollectorConfig: Sendable {
    /// Everything, for `print-config`.
    package let root: ConfigNode
    /// All defined components, used or not, in file order within each section.
    package let components: [ConfiguredComponent]
    package let pipelines: [PipelineConfig]
    /// `service.extensions`: the extensions to start, in order.
    package let extensions: [ComponentReference]
    package let telemetry: TelemetryConfig
    private let positions: [ComponentSection: [ComponentID: Int]]

    package func component(_ id: ComponentID, in section: ComponentSection) -> ConfiguredComponent? {
        positions[section]?[id].map { components[$0] }
    }

    package func components(in section: ComponentSection) -> [ConfiguredComponent] {
        components.filter { $0.section == section }
    }

    /// Reads and checks the outline of a merged and expanded tree; mistakes go to `diagnostics`.
    package init(root: ConfigNode, diagnostics: Diagnostics) {
        let reader = ConfigReader(root, diagnostics)
        var outline = ConfigOutline(diagnostics: diagnostics)
        for section in ComponentSection.allCases { outline.readComponents(of: section, from: reader) }
        let service = reader.settings("service")
        outline.readExtensions(from: service)
        outline.readPipelines(from: service)
        let telemetry = TelemetryConfig(service.settings("telemetry"))
        reader.finish()
        self.root = root
        components = outline.components
        positions = outline.positions
        pipelines = outline.pipelines
        extensions = outline.extensions
        self.telemetry = telemetry
        checkReferences(diagnostics)
        checkConnectors(diagnostics)
        checkCircles(diagnostics)
        // After a mistake, such as a misspelt reference, this would only be noise.
        if !diagnostics.hasErrors { noteUnused(diagnostics) }
    }
}
