/// What every factory says of its component type.
///
/// A factory reads a configuration without creating anything, so that all mistakes of a file can be reported together and
/// before a port is bound.
package protocol ComponentFactory<Config>: Sendable {
    associatedtype Config: Sendable

    /// The type as written in configurations (`otlp_http`).
    var type: String { get }
    /// Other spellings of the type (`otlphttp`).
    var aliases: [String] { get }
    /// The signals it can be used for; empty for extensions.
    var signals: Set<Signal> { get }
    /// One line for `needletail components`.
    var summary: String { get }

    /// Reads the component's section; mistakes go to the reader's diagnostics.
    func readConfig(_ reader: ConfigReader) -> Config
}

extension ComponentFactory {
    package var aliases: [String] { [] }
}

package protocol ReceiverFactory<Config>: ComponentFactory {
    /// - Parameter next: the pipelines' heads by signal; signals without one are not served.
    func make(
        _ config: Config, _ context: ComponentContext, next: [Signal: any Consumer]
    ) throws(ComponentError) -> any Component
}

package protocol ProcessorFactory<Config>: ComponentFactory {
    func make(
        _ config: Config, _ context: ComponentContext, signal: Signal, next: any Consumer
    ) throws(ComponentError) -> any ConsumingComponent
}

package protocol ExporterFactory<Config>: ComponentFactory {
    func make(
        _ config: Config, _ context: ComponentContext, signal: Signal
    ) throws(ComponentError) -> any ConsumingComponent
}

/// Makes components that end some pipelines and begin others: `signals` are those of the pipelines they end.
package protocol ConnectorFactory<Config>: ComponentFactory {
    /// The signals of the pipelines it can begin.
    var outputs: Set<Signal> { get }

    /// Called once for each signal it is given.
    ///
    /// The context's account is the one of what the connector takes: it counts as `forwarded` what it has made use of.
    /// What it makes is received by the pipelines it begins, in their own accounts.
    ///
    /// - Parameters:
    ///   - signal: the signal of the pipelines that this one ends.
    ///   - next: the heads of the pipelines it begins, by signal; at least one.
    func make(
        _ config: Config, _ context: ComponentContext, signal: Signal, next: [Signal: any Consumer]
    ) throws(ComponentError) -> any ConsumingComponent
}

package protocol ExtensionFactory<Config>: ComponentFactory {
    func make(_ config: Config, _ context: ComponentContext) throws(ComponentError) -> any Component
}

/// The component types a service knows: the one list is in the executable.
package struct ComponentRegistry: Sendable {
    package var receivers: [any ReceiverFactory]
    package var processors: [any ProcessorFactory]
    package var connectors: [any ConnectorFactory]
    package var exporters: [any ExporterFactory]
    package var extensions: [any ExtensionFactory]

    package init(
        receivers: [any ReceiverFactory], processors: [any ProcessorFactory],
        connectors: [any ConnectorFactory] = [], exporters: [any ExporterFactory],
        extensions: [any ExtensionFactory]
    ) {
        self.receivers = receivers
        self.processors = processors
        self.connectors = connectors
        self.exporters = exporters
        self.extensions = extensions
    }
}

extension Sequence {
    /// The factory of a type, by its name or one of its aliases.
    package func factory<Factory>(named type: String) -> Factory? where Element == Factory {
        first { element in
            guard let factory = element as? any ComponentFactory else { return false }
            return factory.type == type || factory.aliases.contains(type)
        }
    }
}
