import CollectorCore
import CollectorTransport
import Synchronization

/// The `otlp` receiver: one listener per protocol, one handler behind both.
final class OTLPReceiver: Component {
    private let config: OTLPReceiverConfig
    private let context: ComponentContext
    private let next: [Signal: any Consumer]
    private let servers = Mutex<(http: HTTPServer?, grpc: GRPCServer?)>((nil, nil))

    init(_ config: OTLPReceiverConfig, _ context: ComponentContext, next: [Signal: any Consumer]) {
        self.config = config
        self.context = context
        self.next = next
    }

    func start() async throws(ComponentError) {
        let largest = max(config.http?.maximumBodyBytes ?? 0, config.grpc?.maximumMessageBytes ?? 0)
        let handler = ExportHandler(context, maximumBytes: largest, next: next)
        do {
            if let http = config.http { try await startHTTP(http, handler) }
            if let grpc = config.grpc { try await startGRPC(grpc, handler) }
        } catch {
            throw ComponentError("receiver \(context.id): \(error)")
        }
    }

    private func startHTTP(_ config: OTLPReceiverConfig.HTTP, _ handler: ExportHandler) async throws(Listener.BindError)
    {
        var paths: [String: Signal] = [:]
        for (signal, path) in config.paths { paths[path] = signal }
        let service = OTLPHTTPService(
            paths: paths, limits: CallLimits(bytes: config.maximumBodyBytes), handler: handler)
        let server = try await HTTPServer.start(
            endpoint: config.endpoint, service: service, settings: config.server, budget: context.budget,
            workers: context.workers, group: context.eventLoops)
        servers.withLock { $0.http = server }
        context.log.info("OTLP/HTTP on \(server.addresses.listed)")
    }

    private func startGRPC(_ config: OTLPReceiverConfig.GRPC, _ handler: ExportHandler) async throws(Listener.BindError)
    {
        let service = OTLPGRPCService(
            limits: CallLimits(bytes: config.maximumMessageBytes), handler: handler)
        let server = try await GRPCServer.start(
            endpoint: config.endpoint, service: service, services: OTLPGRPCService.serviceNames,
            settings: config.server,
            budget: context.budget, workers: context.workers, group: context.eventLoops)
        servers.withLock { $0.grpc = server }
        context.log.info("OTLP/gRPC on \(server.addresses.listed)")
    }

    func shutdown(deadline: UInt64) async {
        let (http, grpc) = servers.withLock { servers in
            defer { servers = (nil, nil) }
            return servers
        }
        let limit = Duration.nanoseconds(Int64(clamping: deadline &- min(deadline, context.clock.now())))
        async let httpDone: Void? = http?.shutdown(within: limit)
        async let grpcDone: Void? = grpc?.shutdown(within: limit)
        _ = await (httpDone, grpcDone)
    }
}
