// Unary gRPC to one endpoint. As with HTTPClient every event loop has a connection of its own, so a call made on an
// event loop's thread is written and answered there; unlike there one connection carries many calls at once.
//
//     GRPCClient ── one per loop ──▶ GRPCLoopClient ──▶ GRPCConnectivity (bookkeeping, no I/O)
//                                         │
//                                         └──▶ GRPCConnection: [TLS] ─ NIOHTTP2Handler ─ connection

package import CollectorCore
package import NIOCore
package import NIOPosix

/// Limits of a `GRPCClient`.
package struct GRPCClientConfiguration: Sendable {
    package var connectTimeout = Duration.seconds(20)
    /// Bytes of an answer's message, also inflated (conformance 87).
    package var responseLimit = 4 << 20
    /// Nil for no pings.
    package var keepalive: GRPCKeepaliveSettings?

    package init() {}
}

/// Makes unary calls to one gRPC endpoint.
package final class GRPCClient: Sendable {
    package let endpoint: OTLPEndpoint
    private let loops: LoopClients<GRPCLoopClient>

    /// - Parameter tls: with `h2` among its protocols; nil sends in the clear (HTTP/2 with prior knowledge).
    package init(
        endpoint: OTLPEndpoint, tls: ClientTLS?, configuration: GRPCClientConfiguration = GRPCClientConfiguration(),
        group: MultiThreadedEventLoopGroup
    ) {
        self.endpoint = endpoint
        loops = LoopClients(group: group) { eventLoop in
            let connector = GRPCConnector(
                endpoint: endpoint, tls: tls, configuration: configuration, eventLoop: eventLoop)
            return GRPCLoopClient(connector: connector)
        }
    }

    /// Makes a call and calls `completion` once: with the response message, inflated, or with the error that the
    /// status, the transport or the timeout amounts to. Called on an event loop of the group, everything happens on
    /// that loop.
    package func send(
        _ request: GRPCRequest, completion: @escaping @Sendable (Result<ByteBuffer, DeliveryError>) -> Void
    ) {
        loops.withClient { $0.send(GRPCClientCall(request, now: .now(), completion: completion)) }
    }

    /// `send` as a future.
    package func send(_ request: GRPCRequest) -> EventLoopFuture<ByteBuffer> {
        let promise = loops.makePromise(of: ByteBuffer.self)
        send(request) { promise.completeWith($0.mapError { $0 }) }
        return promise.futureResult
    }

    /// Refuses new calls, lets those under way finish (their timeouts stand) and closes all connections.
    package func shutDown() -> EventLoopFuture<Void> {
        loops.all { client, drained in client.shutDown(drained) }
    }
}
