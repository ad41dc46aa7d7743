package import CollectorCore

/// What is simulated of one configuration: the samplers of one traces pipeline, read by their factories.
package struct SimulationPlan: Sendable {
    /// What a person calls the configuration.
    package let label: String
    /// The processor whose decisions are reported.
    package let sampler: ComponentID
    package let pipeline: String
    /// What of the pipeline is left out, for people.
    package let notes: [String]
    /// In the order in which a batch passes them.
    let stages: [(id: ComponentID, make: Blueprint.MakeProcessor)]

    /// What the daemon's byte budget would be lowered to.
    let memoryLimits: [MemoryLimits]

    static let tailSampler = "tail_sampling"
    /// Processors that decide about spans and so are part of a simulation.
    static let samplers: Set<String> = ["probabilistic_sampler", tailSampler]

    /// Loads a configuration as the daemon does and finds its tail sampler.
    ///
    /// - Parameters:
    ///   - sources: what `--config` takes.
    ///   - processor: which tail sampler, when there are several (`tail_sampling/x`).
    /// - Returns: the plan, nil when there are errors in `diagnostics`.
    package static func load(
        label: String, sources: [String], sets: [String] = [], environment: ConfigEnvironment,
        registry: ComponentRegistry, processor: String? = nil
    ) -> (plan: SimulationPlan?, diagnostics: Diagnostics) {
        let (loaded, diagnostics) = ConfigLoader.load(sources: sources, sets: sets, environment: environment)
        guard let config = loaded else { return (nil, diagnostics) }
        let choice = choose(config, label, processor, diagnostics)
        let sampler = choice.flatMap { config.component($0.id, in: .processors) }
        let root = sampler.map { config.root.merged(with: oneShard(of: $0)) } ?? config.root
        let adapted = CollectorConfig(root: root, diagnostics: diagnostics)
        let blueprint = Blueprint(adapted, registry: registry, diagnostics: diagnostics)
        guard let choice, !diagnostics.hasErrors else { return (nil, diagnostics) }
        let clipped = sampler.flatMap(bufferSize).map { $0 > largestBuffer } ?? false
        let notes =
            clipped
            ? ["\(label): `\(choice.id)` is simulated with max_buffer_mib: \(largestBuffer), the most one shard has"]
            : []
        return (SimulationPlan(label, choice.pipeline, choice.id, choice.notes + notes, blueprint), diagnostics)
    }

    /// MiB that one shard of a window holds; a larger window would be cut into several.
    private static let largestBuffer = Simulation.budgetBytes >> 21

    /// A tree to lay over the configuration: one shard, so that traces are decided in the order of their deadlines, the
    /// same in every run and on every machine. Limits and policies that learn depend on that order.
    private static func oneShard(of component: ConfiguredComponent) -> ConfigNode {
        var settings = [("num_shards", 1)]
        if let size = bufferSize(component), size > largestBuffer { settings.append(("max_buffer_mib", largestBuffer)) }
        func map(_ entries: [(key: String, value: ConfigNode)]) -> ConfigNode {
            ConfigNode(
                .map(entries.map { ConfigEntry(key: $0.key, keyMark: component.mark, value: $0.value) }),
                path: component.node.path, mark: component.mark)
        }
        let scalars = settings.map { key, number in
            let path = component.node.path.appending(key)
            return (key, ConfigNode(.scalar("\(number)", quoted: false), path: path, mark: component.mark))
        }
        return map([(component.section.rawValue, map([(component.node.path.lastKey, map(scalars))]))])
    }

    private static func bufferSize(_ component: ConfiguredComponent) -> Int? {
        component.node["max_buffer_mib"].flatMap { try? $0.decodeInteger() }
    }

    private init(
        _ label: String, _ pipeline: PipelineConfig, _ sampler: ComponentID, _ notes: [String], _ blueprint: Blueprint
    ) {
        self.label = label
        self.sampler = sampler
        self.pipeline = pipeline.description
        memoryLimits = blueprint.memoryLimitsInUse
        var stages: [(id: ComponentID, make: Blueprint.MakeProcessor)] = []
        var skipped: [String] = []
        for id in pipeline.processors.map(\.id) {
            let isPart = Self.samplers.contains(id.type) && (id.type != Self.tailSampler || id == sampler)
            if isPart, let make = blueprint.processors[id] {
                stages.append((id, make))
            } else {
                skipped.append("\(id)")
            }
        }
        self.stages = stages
        let left =
            skipped.isEmpty
            ? [] : ["\(label): not simulated in pipeline `\(pipeline)`: \(skipped.joined(separator: ", "))"]
        self.notes = notes + left
    }

    /// The one pipeline and its one tail sampler; errors go to `diagnostics`.
    private static func choose(
        _ config: CollectorConfig, _ label: String, _ processor: String?, _ diagnostics: Diagnostics
    ) -> (pipeline: PipelineConfig, id: ComponentID, notes: [String])? {
        let found = config.pipelines.filter { $0.signal == .traces }.flatMap { pipeline in
            pipeline.processors.filter { $0.id.type == tailSampler }.map { (pipeline: pipeline, id: $0.id) }
        }
        let names = Array(Set(found.map { "\($0.id)" })).sorted()
        let mark = SourceMark(file: label)
        guard !names.isEmpty else {
            diagnostics.error(
                at: mark, "no traces pipeline has a `\(tailSampler)` processor; there is nothing to simulate")
            return nil
        }
        guard let processor = processor ?? (names.count == 1 ? names[0] : nil) else {
            diagnostics.error(
                at: mark,
                "several tail samplers: \(names.joined(separator: ", ")); choose one, for example "
                    + "`--processor \(names[0])`")
            return nil
        }
        let matches = found.filter { "\($0.id)" == processor }
        guard let first = matches.first else {
            diagnostics.error(
                at: mark,
                "no traces pipeline has a tail sampler `\(processor)`\(suggestion(for: processor, among: names))")
            return nil
        }
        let others = matches.dropFirst().map { "`\($0.pipeline)`" }
        let notes =
            others.isEmpty
            ? []
            : [
                "\(label): `\(processor)` is simulated as in pipeline `\(first.pipeline)`, not as in "
                    + others.joined(separator: ", ")
            ]
        return (first.pipeline, first.id, notes)
    }
}
