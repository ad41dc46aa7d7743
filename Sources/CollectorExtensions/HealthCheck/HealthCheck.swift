import CollectorCore
import CollectorTransport
import NIOCore
import Synchronization

/// Serves the health check. Starts before and stops after everything else, so that it can say "not yet" and "no more".
final class HealthCheck: Component {
    private let config: HealthCheckConfig
    private let context: ComponentContext
    private let server = Mutex<HTTPServer?>(nil)

    init(_ config: HealthCheckConfig, _ context: ComponentContext) {
        self.config = config
        self.context = context
    }

    func start() async throws(ComponentError) {
        do {
            let server = try await HTTPServer.start(
                endpoint: config.endpoint,
                service: HealthCheckService(config: config, status: context.status, clock: context.clock),
                budget: context.budget, workers: context.workers, group: context.eventLoops)
            context.log.info("health on \(server.addresses.listed)")
            self.server.withLock { $0 = server }
        } catch {
            throw ComponentError("extension \(context.id): \(error)")
        }
    }

    func shutdown(deadline: UInt64) async {
        let server = self.server.withLock { server in
            defer { server = nil }
            return server
        }
        await server?.shutdown(within: .seconds(1))
    }
}

private struct HealthCheckService: HTTPService {
    let config: HealthCheckConfig
    let status: ServiceStatus
    let clock: any CollectorClock
    let start: UInt64

    init(config: HealthCheckConfig, status: ServiceStatus, clock: any CollectorClock) {
        self.config = config
        self.status = status
        self.clock = clock
        start = clock.now()
    }

    func admit(_ head: HTTPCallHead) -> HTTPAdmission {
        guard head.path == config.path else { return .answer(.text(404, "the path is \(config.path)\n")) }
        guard head.method == .GET || head.method == .HEAD else {
            var answer = HTTPAnswer.text(405, "use GET\n")
            answer.headers.append(("allow", "GET, HEAD"))
            return .answer(answer)
        }
        return .read(CallLimits(bytes: 1 << 10))
    }

    func handle(_ call: HTTPCall, respond: HTTPResponder) {
        let isReady = status.phase == .ready
        let uptime = Duration.nanoseconds(Int64(clamping: clock.now() &- start)).components.seconds
        let body =
            isReady
            ? config.healthyBody ?? #"{"status":"Server available","uptime":"\#(uptime)s"}"#
            : config.unhealthyBody ?? #"{"status":"Server not available","uptime":"\#(uptime)s"}"#
        respond.answer(
            HTTPAnswer(
                status: isReady ? 200 : 503, headers: [("content-type", "application/json")],
                body: ByteBuffer(string: body)))
    }

    func failure(_ head: HTTPCallHead, _ error: DeliveryError, status: Int) -> HTTPAnswer {
        .text(status, error.message + "\n")
    }
}
