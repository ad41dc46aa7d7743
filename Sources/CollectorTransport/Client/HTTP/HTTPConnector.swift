import NIOCore
import NIOHTTP1
import NIOPosix

/// Opens connections to the endpoint on one event loop. On that loop only.
struct HTTPConnector {
    let endpoint: OTLPEndpoint
    let tls: ClientTLS?
    let configuration: HTTPClientConfiguration
    let eventLoop: any EventLoop

    /// Connects; `completion` runs on the loop. A failing TLS handshake shows at the first request, which TLS holds
    /// back until the handshake is done.
    func connect(completion: @escaping (Result<HTTPConnection, any Error>) -> Void) {
        let (tls, configuration) = (tls, configuration)
        ClientBootstrap(group: eventLoop)
            .connectTimeout(TimeAmount(configuration.connectTimeout))
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let writer = RequestWriter()
                    let decoder = HTTPResponseDecoder()
                    let pipeline = channel.pipeline.syncOperations
                    if let tls { try pipeline.addHandler(tls.makeHandler()) }
                    try pipeline.addHandler(writer)
                    try pipeline.addHandler(ByteToMessageHandler(decoder))
                    try pipeline.addHandler(
                        HTTPConnection(
                            channel: channel, writer: writer, decoder: decoder,
                            idleTimeout: TimeAmount(configuration.idleTimeout),
                            responseLimit: configuration.responseLimit))
                }
            }
            .connect(host: endpoint.host, port: endpoint.port)
            .assumeIsolated()
            .whenComplete { result in
                completion(
                    result.flatMap { channel in
                        Result { try channel.pipeline.syncOperations.handler(type: HTTPConnection.self) }
                    })
            }
    }
}
