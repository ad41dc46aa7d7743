import CollectorCore
import CollectorTransport
import NIOCore

/// Serves the collector's own metrics at `/metrics`, by default on localhost:8888.
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

private struct TelemetryService: HTTPService {
    let environment: ServiceEnvironment
    let endpoint: TelemetryConfig.ScrapeEndpoint
    let resource: [(name: String, value: String?)]

    func admit(_ head: HTTPCallHead) -> HTTPAdmission {
        guard head.path == "/metrics" else { return .answer(.text(404, "the path is /metrics\n")) }
        guard head.method == .GET || head.method == .HEAD else {
            var answer = HTTPAnswer.text(405, "use GET\n")
            answer.headers.append(("allow", "GET, HEAD"))
            return .answer(answer)
        }
        return .read(CallLimits(bytes: 1 << 10))
    }

    func handle(_ call: HTTPCall, respond: HTTPResponder) {
        let service = self
        environment.workers.run {
            let environment = service.environment
            let families = environment.telemetry.snapshot() + environment.ledger.families() + [service.targetInfo]
            respond.answer(
                HTTPAnswer(
                    status: 200, headers: [("content-type", "text/plain; version=0.0.4; charset=utf-8")],
                    body: ByteBuffer(string: SelfExposition.text(families, service.endpoint))))
        }
    }

    func failure(_ head: HTTPCallHead, _ error: DeliveryError, status: Int) -> HTTPAnswer {
        .text(status, error.message + "\n")
    }
}

extension TelemetryService {
    /// Who tells these metrics: the built-in attributes, changed by `service.telemetry.resource`.
    fileprivate var targetInfo: Telemetry.Family {
        var attributes: [(name: String, value: String?)] = [
            ("service.name", environment.build.name), ("service.version", environment.build.version),
        ]
        for own in resource {
            attributes.removeAll { $0.name == own.name }
            attributes.append(own)
        }
        let labels: Telemetry.Labels = attributes.compactMap { attribute in
            attribute.value.map { (labelName(attribute.name), $0) }
        }
        return Telemetry.Family(
            name: "target_info", help: "Target metadata", kind: .gauge,
            series: [Telemetry.Series(labels: labels, value: .number(1))])
    }

    private func labelName(_ attribute: String) -> String {
        let name = String(attribute.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" })
        return name.first?.isNumber ?? true ? "key_\(name)" : name
    }
}
