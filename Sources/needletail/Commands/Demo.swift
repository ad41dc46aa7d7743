import ArgumentParser
import CollectorCore
import CollectorService
import NIOPosix

/// `needletail demo`: the daemon with a synthetic shop in front of it.
struct Demo: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Start with a small shop that sends real OTLP over loopback.",
        discussion: """
            Six services, twenty to forty requests a second, some slow, some failing; metrics every two seconds. Within ten
            seconds the scrape shows buckets with exemplars, and each trace id is in the file of kept traces:
              curl -H 'Accept: application/openmetrics-text; version=1.0.0' localhost:8889/metrics | grep trace_id
            """)

    @OptionGroup var options: ConfigOptions

    @Option(help: "Where the shop sends OTLP/HTTP.")
    var endpoint = "http://localhost:4318"

    func run() async throws {
        let loaded = try options.load(overBuiltIn: ["yaml:" + DemoConfig.overlay])
        let log = Log(loaded.config.telemetry.logs)
        let service: Service
        do {
            service = try await Service.start(loaded, log: log)
        } catch {
            log.error("cannot start: \(error)")
            throw ExitCode(1)
        }
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let shop = try ShopSender(endpoint: endpoint, group: group, log: log.named("demo"))
        shop.start()
        log.info("needletail \(BuildInfo.current.version) is ready, the shop is open")
        if options.isBuiltIn { Log.writeToStandardError(DefaultConfig.welcome) }
        _ = await TerminationSignals.first()
        await shop.stop()
        await service.shutdown()
        try? await group.shutdownGracefully()
    }
}
