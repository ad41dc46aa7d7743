// OTLP/HTTP to one endpoint. Every event loop of the group has connections of its own, so a request sent on an event
// loop's thread is written and answered there, without a hop and without a lock; from other threads it goes to the
// loops in turn.
//
//     HTTPClient ── one per loop ──▶ HTTPLoopClient ──▶ ConnectionPool (bookkeeping, no I/O)
//                                         │
//                                         └──▶ HTTPConnection: [TLS] ─ RequestWriter ─ response decoder ─ connection

package import CollectorCore
package import NIOCore
package import NIOPosix

/// Limits of an `HTTPClient`.
package struct HTTPClientConfiguration: Sendable {
    /// Connections at most, divided over the event loops (at least one each); nil for no limit, as in the OpenTelemetry
    /// Collector (`max_conns_per_host`).
    package var maxConnections: Int?
    /// How long an unused connection stays open (`idle_conn_timeout`).
    package var idleTimeout = Duration.seconds(90)
    package var connectTimeout = Duration.seconds(10)
    /// Bytes of an answer's body, also inflated (conformance 87).
    package var responseLimit = 4 << 20

    package init() {}
}

/// Sends requests to one OTLP/HTTP endpoint over HTTP/1.1 connections that are kept and reused.
package final class HTTPClient: Sendable {
    package let endpoint: OTLPEndpoint
    private let loops: LoopClients<HTTPLoopClient>

    /// - Parameter tls: for an `https` endpoint; nil sends in the clear.
    package init(
        endpoint: OTLPEndpoint, tls: ClientTLS?, configuration: HTTPClientConfiguration = HTTPClientConfiguration(),
        group: MultiThreadedEventLoopGroup
    ) {
        self.endpoint = endpoint
        let loopCount = Array(group.makeIterator()).count
        let limit = configuration.maxConnections.map { $0 / loopCount + ($0 % loopCount).signum() } ?? .max
        loops = LoopClients(group: group) { eventLoop in
            let connector = HTTPConnector(
                endpoint: endpoint, tls: tls, configuration: configuration, eventLoop: eventLoop)
            return HTTPLoopClient(connector: connector, connectionLimit: limit)
        }
    }

    /// Sends a request and calls `completion` once: with the answer whatever its status (`HTTPOutcome` tells what it
    /// means), or with why there is none. Called on an event loop of the group, everything happens on that loop.
    package func send(
        _ request: OutgoingRequest,
        completion: @escaping @Sendable (Result<HTTPResponse, DeliveryError>) -> Void
    ) {
        let endpoint = endpoint
        loops.withClient { client in
            let exchange = HTTPClientExchange(request, now: .now()) { result in
                let timeout = request.timeout
                completion(result.mapError { HTTPFailure.deliveryError($0, endpoint: endpoint, timeout: timeout) })
            }
            client.send(exchange)
        }
    }

    /// `send` as a future of the loop the request went out on.
    package func send(_ request: OutgoingRequest) -> EventLoopFuture<HTTPResponse> {
        let promise = loops.makePromise(of: HTTPResponse.self)
        send(request) { promise.completeWith($0.mapError { $0 }) }
        return promise.futureResult
    }

    /// Refuses new requests, lets those under way finish (their timeouts stand) and closes all connections.
    package func shutDown() -> EventLoopFuture<Void> {
        loops.all { client, drained in client.shutDown(drained) }
    }
}
