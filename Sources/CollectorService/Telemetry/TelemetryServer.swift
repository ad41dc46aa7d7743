import CollectorCore
import CollectorTransport

/// Serves what the collector tells of itself, by default on localhost:8888: metrics at `/metrics`, the decisions of
/// samplers below `/debug`.
final class TelemetryServer: Sendable {
    private let server: HTTPServer

    private init(_ server: HTTPServer) {
        self.server = server
    }

    static func start(
        _ config: TelemetryConfig, _ environment: ServiceEnvironment
    ) async throws(ComponentError) -> [TelemetryServer] {
        var servers: [TelemetryServer] = []
        for endpoint in config.metrics.endpoints {
            do {
                let server = try await HTTPServer.start(
                    endpoint: "\(endpoint.host.contains(":") ? "[\(endpoint.host)]" : endpoint.host):\(endpoint.port)",
                    service: TelemetryService(environment: environment, endpoint: endpoint, resource: config.resource),
                    budget: environment.budget, workers: environment.workers, group: environment.eventLoops)
                environment.log.info("own metrics on \(server.addresses.listed)/metrics")
                servers.append(TelemetryServer(server))
            } catch {
                for server in servers { await server.shutdown() }
                throw ComponentError("service::telemetry::metrics: \(error)")
            }
        }
        return servers
    }

    func shutdown() async {
        await server.shutdown(within: .seconds(1))
    }
}
