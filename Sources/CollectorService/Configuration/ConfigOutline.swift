import CollectorCore

/// Reads the outline of a configuration: which components are defined, and how pipelines line them up.
struct ConfigOutline {
    let diagnostics: Diagnostics
    private(set) var components: [ConfiguredComponent] = []
    /// Index into `components`.
    private(set) var positions: [ComponentSection: [ComponentID: Int]] = [:]
    private(set) var pipelines: [PipelineConfig] = []
    private(set) var extensions: [ComponentReference] = []

    init(diagnostics: Diagnostics) {
        self.diagnostics = diagnostics
    }

    mutating func readComponents(of section: ComponentSection, from root: ConfigReader) {
        for entry in root.map(section.rawValue) {
            guard let id = id(entry.key, at: entry.keyMark, path: entry.value.path) else { continue }
            if let earlier = positions[section]?[id] {
                diagnostics.error(
                    at: entry.keyMark, path: entry.value.path,
                    "the \(section.singular) `\(id)` is defined already at \(components[earlier].mark)")
                continue
            }
            positions[section, default: [:]][id] = components.count
            components.append(
                ConfiguredComponent(section: section, id: id, node: entry.value, mark: entry.keyMark))
        }
    }

    mutating func readExtensions(from service: ConfigReader) {
        extensions = references(service.list("extensions"), in: "service.extensions")
    }

    mutating func readPipelines(from service: ConfigReader) {
        let entries = service.map("pipelines")
        if entries.isEmpty, service.node("pipelines")?.isWrongType(forList: false) != true {
            service.error(
                "pipelines",
                "must define at least one pipeline, for example `traces: {receivers: [otlp], exporters: [debug]}`")
        }
        for entry in entries { readPipeline(entry) }
    }

    private mutating func readPipeline(_ entry: ConfigEntry) {
        let reader = ConfigReader(entry.value, diagnostics)
        let receivers = references(reader.list("receivers"), in: "receivers")
        let processors = references(reader.list("processors"), in: "processors", repetition: .error)
        let exporters = references(reader.list("exporters"), in: "exporters")
        reader.finish()
        guard let id = id(entry.key, at: entry.keyMark, path: entry.value.path) else { return }
        guard let signal = Signal(rawValue: id.type) else {
            let hint = suggestion(for: id.type, among: Signal.allCases.map(\.rawValue))
            diagnostics.error(
                at: entry.keyMark, path: entry.value.path, "`\(id.type)` is no signal this collector knows\(hint)")
            return
        }
        for (key, list) in [("receivers", reader.list("receivers")), ("exporters", reader.list("exporters"))]
        where list.isEmpty && reader.node(key)?.isWrongType(forList: true) != true {
            diagnostics.error(
                at: entry.keyMark, path: entry.value.path,
                "the pipeline has no \(key); expected at least one in `\(key)`")
        }
        if let twin = pipelines.first(where: { $0.signal == signal && $0.name == id.name }) {
            diagnostics.error(
                at: entry.keyMark, path: entry.value.path, "the pipeline `\(twin)` is defined already at \(twin.mark)")
            return
        }
        pipelines.append(
            PipelineConfig(
                signal: signal, name: id.name, mark: entry.keyMark, path: entry.value.path, receivers: receivers,
                processors: processors, exporters: exporters))
    }

    /// Reads a list of ids. Naming one twice changes nothing for receivers and exporters, but is a mistake among
    /// processors.
    private func references(
        _ items: [ConfigNode], in list: String, repetition: Diagnostic.Severity = .warning
    ) -> [ComponentReference] {
        var references: [ComponentReference] = []
        var seen: Set<ComponentID> = []
        for item in items {
            let text: String
            do {
                text = try item.decodeString()
            } catch {
                diagnostics.error(
                    at: item.mark, path: item.path, item.mistake(expected: "the id of a component").message)
                continue
            }
            guard let id = id(text, at: item.mark, path: item.path) else { continue }
            guard seen.insert(id).inserted else {
                let message = "`\(id)` is named twice in `\(list)`"
                switch repetition {
                case .error: diagnostics.error(at: item.mark, path: item.path, message)
                default: diagnostics.warning(at: item.mark, path: item.path, message)
                }
                continue
            }
            references.append(ComponentReference(id: id, mark: item.mark, path: item.path))
        }
        return references
    }

    private func id(_ text: String, at mark: SourceMark, path: ConfigPath) -> ComponentID? {
        do {
            return try ComponentID(parsing: text)
        } catch {
            diagnostics.error(at: mark, path: path, error.message)
            return nil
        }
    }
}

extension ConfigNode {
    /// Something else stands where a list or a map belongs; that has been reported.
    fileprivate func isWrongType(forList: Bool) -> Bool {
        switch value {
        case .null: false
        case .list: !forList
        case .map: forList
        case .scalar: true
        }
    }
}
