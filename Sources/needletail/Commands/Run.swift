import ArgumentParser
import CollectorCore
import CollectorService

/// `needletail run`: the daemon.
struct Run: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Start the collector (the default).")

    @OptionGroup var options: ConfigOptions

    func run() async throws {
        let loaded = try options.load()
        let log = Log(loaded.config.telemetry.logs)
        for diagnostic in loaded.diagnostics.all { log.info(diagnostic.description) }
        let service: Service
        do {
            service = try await Service.start(loaded, log: log)
        } catch {
            log.error("cannot start: \(error)")
            throw ExitCode(1)
        }
        log.info("needletail \(BuildInfo.current.version) is ready")
        StartupMemory.release()
        if options.isBuiltIn { Log.writeToStandardError(DefaultConfig.welcome) }
        let signal = await TerminationSignals.first()
        log.info("signal \(signal): shutting down; once more ends at once")
        await service.shutdown()
    }
}

extension Service {
    /// Starts what the command line loaded, with the machine's cores and a quarter of its memory.
    static func start(_ loaded: ConfigOptions.Loaded, log: Log) async throws(ComponentError) -> Service {
        try await Service.start(
            loaded.blueprint, telemetry: loaded.config.telemetry, log: log, budgetBytes: MemoryTotal.defaultBudget)
    }
}

extension Log {
    /// The log as `service.telemetry.logs` wants it.
    init(_ config: TelemetryConfig.Logs) {
        let level: Level =
            switch config.level {
            case .debug: .debug
            case .info: .info
            case .warn: .warn
            case .error: .error
            case .fatal: .fatal
            }
        self.init(
            minimum: level, format: config.encoding == .json ? .json : .console, fields: config.initialFields,
            write: config.output == .stdout ? Log.writeToStandardOutput : Log.writeToStandardError)
    }
}
