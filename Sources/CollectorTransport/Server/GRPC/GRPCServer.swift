package import CollectorCore
package import NIOCore
import NIOHTTP2

/// A listening gRPC server: unary calls over HTTP/2 with prior knowledge, and the health service.
package final class GRPCServer: Sendable {
    private let listener: Listener
    /// What `grpc.health.v1.Health` answers.
    package let health: GRPCHealth

    private init(listener: Listener, health: GRPCHealth) {
        self.listener = listener
        self.health = health
    }

    /// Binds `endpoint` (`host:port`, port 0 for any) and serves until `shutdown`.
    ///
    /// - Parameters:
    ///   - services: names that the health service knows beside `""`, all SERVING.
    ///   - budget: what messages are charged to.
    ///   - workers: decompress large messages.
    package static func start(
        endpoint: String, service: any GRPCService, services: [String] = [],
        settings: GRPCServerSettings = GRPCServerSettings(), budget: ByteBudget, workers: any WorkerPool,
        group: any EventLoopGroup
    ) async throws(Listener.BindError) -> GRPCServer {
        let health = GRPCHealth(services: services)
        let environment = GRPCConnectionHandler.Environment(
            service: GRPCHealthService(health: health, next: service), settings: settings, budget: budget,
            workers: workers)
        let listener = try await Listener.bind(
            endpoint, group: group, connectionLimit: settings.connectionLimit
        ) { channel in
            try configure(channel, environment)
        }
        return GRPCServer(listener: listener, health: health)
    }

    package var addresses: [SocketAddress] { listener.addresses }
    package var port: Int { listener.port }
    package var connectionCount: Int { listener.connectionCount }

    /// Stops accepting, tells clients to go elsewhere (GOAWAY), finishes the calls accepted, and closes what is left
    /// after `limit` (conformance 24).
    package func shutdown(within limit: Duration) async {
        health.shutDown()
        await listener.shutdown(within: limit)
    }

    /// Adds the handlers of one connection; on its event loop.
    static func configure(_ channel: any Channel, _ environment: GRPCConnectionHandler.Environment) throws {
        let settings = environment.settings
        let preface = HTTP2PrefaceHandler(
            handshakeTimeout: settings.handshakeTimeout, lingerTime: settings.lingerTime
        ) { channel in
            let calls = GRPCConnectionHandler(environment: environment)
            let http2 = NIOHTTP2Handler(
                mode: .server, frameDelegate: calls, connectionConfiguration: settings.connection,
                streamConfiguration: settings.stream)
            try channel.pipeline.syncOperations.addHandlers(http2, calls)
            calls.openWindow()
        }
        try channel.pipeline.syncOperations.addHandler(preface)
    }
}
