package import CollectorCore
package import NIOCore
import NIOHTTP1

/// A listening HTTP/1 server.
package final class HTTPServer: Sendable {
    private let listener: Listener

    private init(listener: Listener) {
        self.listener = listener
    }

    /// Binds `endpoint` (`host:port`, port 0 for any) and serves until `shutdown`.
    ///
    /// - Parameters:
    ///   - budget: what request bodies are charged to.
    ///   - workers: decompress large bodies.
    package static func start(
        endpoint: String, service: any HTTPService, settings: HTTPServerSettings = HTTPServerSettings(),
        budget: ByteBudget, workers: any WorkerPool, group: any EventLoopGroup
    ) async throws(Listener.BindError) -> HTTPServer {
        let environment = HTTPConnectionHandler.Environment(
            service: service, settings: settings, budget: budget, workers: workers)
        let listener = try await Listener.bind(
            endpoint, group: group, connectionLimit: settings.connectionLimit
        ) { channel in
            try configure(channel, environment)
        }
        return HTTPServer(listener: listener)
    }

    package var addresses: [SocketAddress] { listener.addresses }
    package var port: Int { listener.port }
    package var connectionCount: Int { listener.connectionCount }

    /// Stops accepting, answers the requests already received, and closes what is left after `limit`.
    package func shutdown(within limit: Duration) async {
        await listener.shutdown(within: limit)
    }

    /// Adds the handlers of one connection; on its event loop.
    static func configure(_ channel: any Channel, _ environment: HTTPConnectionHandler.Environment) throws {
        let decoder = ByteToMessageHandler(
            HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes), maximumBufferSize: 1 << 20)
        try channel.pipeline.syncOperations.addHandlers(decoder, HTTPConnectionHandler(environment: environment))
    }
}
