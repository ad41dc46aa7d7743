import ArgumentParser
import CollectorCore
import CollectorService

/// The options that name a configuration, alike in all commands.
struct ConfigOptions: ParsableArguments {
    @Option(
        name: .customLong("config"),
        help: """
            A configuration: a path, or file:, env: or yaml: and what follows. May repeat: maps merge, lists replace. \
            Without any, the built-in configuration.
            """)
    var configs: [String] = []

    @Option(name: .customLong("set"), help: "A single setting such as exporters.otlp_http.timeout=5s. May repeat.")
    var sets: [String] = []

    /// Whether the built-in configuration runs as it is, so that its addresses can be told.
    var isBuiltIn: Bool { configs.isEmpty && sets.isEmpty }

    /// Everything read and checked.
    struct Loaded {
        var config: CollectorConfig
        var blueprint: Blueprint
        var diagnostics: Diagnostics
    }

    /// Loads the configuration and lets every component read its part. Mistakes are printed, all of them, and end the
    /// command with status 1.
    ///
    /// - Parameter overlays: sources to lay over the built-in configuration where that is used.
    func load(overBuiltIn overlays: [String] = []) throws -> Loaded {
        let environment = ConfigEnvironment.process
        let sources = configs.isEmpty ? DefaultConfig.sources(environment) + overlays : configs
        let (loaded, diagnostics) = ConfigLoader.load(sources: sources, sets: sets, environment: environment)
        guard let config = loaded else {
            Log.writeToStandardError(diagnostics.rendered + "\n")
            throw ExitCode(1)
        }
        let blueprint = Blueprint(config, registry: builtIn, diagnostics: diagnostics)
        if diagnostics.hasErrors {
            Log.writeToStandardError(diagnostics.rendered + "\n")
            throw ExitCode(1)
        }
        return Loaded(config: config, blueprint: blueprint, diagnostics: diagnostics)
    }
}
