package import CollectorCore

/// A configuration whose every component has been read by its factory: what is left is to make them.
///
/// Reading creates nothing, so all mistakes of all components are known before a port is bound.
package struct Blueprint: Sendable {
    package typealias MakeReceiver =
        @Sendable (ComponentContext, [Signal: any Consumer]) throws(ComponentError) -> any Component
    package typealias MakeProcessor =
        @Sendable (ComponentContext, Signal, any Consumer) throws(ComponentError) -> any ConsumingComponent
    package typealias MakeConnector =
        @Sendable (ComponentContext, Signal, [Signal: any Consumer]) throws(ComponentError) -> any ConsumingComponent
    package typealias MakeExporter =
        @Sendable (ComponentContext, Signal) throws(ComponentError) -> any ConsumingComponent
    package typealias MakeExtension = @Sendable (ComponentContext) throws(ComponentError) -> any Component

    package private(set) var pipelines: [PipelineConfig] = []
    package private(set) var extensions: [ComponentID] = []
    private(set) var receivers: [ComponentID: MakeReceiver] = [:]
    private(set) var processors: [ComponentID: MakeProcessor] = [:]
    private(set) var connectors: [ComponentID: MakeConnector] = [:]
    private(set) var exporters: [ComponentID: MakeExporter] = [:]
    /// What configured processors say of the byte budget, used in a pipeline or not.
    private var memoryLimits: [ComponentID: MemoryLimits] = [:]
    private var memoryClaims: [ComponentID: MemoryClaim] = [:]
    private(set) var makeExtensions: [ComponentID: MakeExtension] = [:]

    /// Reads every component of `config`; mistakes go to `diagnostics`, and a blueprint made with errors must not be built.
    package init(_ config: CollectorConfig, registry: ComponentRegistry, diagnostics: Diagnostics) {
        pipelines = config.pipelines
        extensions = config.extensions.map(\.id)
        let checker = FactoryLookup(diagnostics: diagnostics)
        for component in config.components {
            let reader = ConfigReader(component.node, diagnostics)
            switch component.section {
            case .receivers:
                guard let factory = checker.factory(for: component, among: registry.receivers) else { continue }
                receivers[component.id] = Self.plan(factory, reader)
            case .processors:
                guard let factory = checker.factory(for: component, among: registry.processors) else { continue }
                let (make, limits, claim) = Self.plan(factory, reader)
                processors[component.id] = make
                memoryLimits[component.id] = limits
                memoryClaims[component.id] = claim
            case .exporters:
                guard let factory = checker.factory(for: component, among: registry.exporters) else { continue }
                exporters[component.id] = Self.plan(factory, reader)
            case .extensions:
                guard let factory = checker.factory(for: component, among: registry.extensions) else { continue }
                makeExtensions[component.id] = Self.plan(factory, reader)
            case .connectors:
                guard let factory = checker.factory(for: component, among: registry.connectors) else { continue }
                connectors[component.id] = Self.plan(factory, reader)
            }
        }
        for pipeline in config.pipelines {
            checker.checkSignals(of: pipeline, in: config, registry: registry)
        }
    }

    /// The limits that the pipelines' processors set for the byte budget of the process.
    var memoryLimitsInUse: [MemoryLimits] {
        Set(pipelines.flatMap { $0.processors.map(\.id) }).compactMap { memoryLimits[$0] }
    }

    /// What the pipelines' processors claim, in each pipeline anew.
    var memoryClaimsInUse: [(id: ComponentID, claim: MemoryClaim)] {
        pipelines.flatMap { $0.processors.map(\.id) }.compactMap { id in memoryClaims[id].map { (id, $0) } }
    }

    private static func plan<Factory: ReceiverFactory>(_ factory: Factory, _ reader: ConfigReader) -> MakeReceiver {
        let config = Self.read(factory, reader)
        return { context, next throws(ComponentError) in try factory.make(config, context, next: next) }
    }

    private static func plan<Factory: ProcessorFactory>(
        _ factory: Factory, _ reader: ConfigReader
    ) -> (make: MakeProcessor, limits: MemoryLimits?, claim: MemoryClaim?) {
        let config = Self.read(factory, reader)
        let make: MakeProcessor = { context, signal, next throws(ComponentError) in
            try factory.make(config, context, signal: signal, next: next)
        }
        return (make, (config as? any LimitsMemory)?.memoryLimits, (config as? any ClaimsMemory)?.memoryClaim)
    }

    private static func plan<Factory: ConnectorFactory>(_ factory: Factory, _ reader: ConfigReader) -> MakeConnector {
        let config = Self.read(factory, reader)
        return { context, signal, next throws(ComponentError) in
            try factory.make(config, context, signal: signal, next: next)
        }
    }

    private static func plan<Factory: ExporterFactory>(_ factory: Factory, _ reader: ConfigReader) -> MakeExporter {
        let config = Self.read(factory, reader)
        return { context, signal throws(ComponentError) in try factory.make(config, context, signal: signal) }
    }

    private static func plan<Factory: ExtensionFactory>(_ factory: Factory, _ reader: ConfigReader) -> MakeExtension {
        let config = Self.read(factory, reader)
        return { context throws(ComponentError) in try factory.make(config, context) }
    }

    /// Reads a section and reports the keys that nobody asked for, also when the factory forgot to.
    private static func read<Factory: ComponentFactory>(_ factory: Factory, _ reader: ConfigReader) -> Factory.Config {
        defer { reader.finish() }
        return factory.readConfig(reader)
    }
}
