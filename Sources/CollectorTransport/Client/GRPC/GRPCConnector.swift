import NIOCore
import NIOHTTP2
import NIOPosix

/// Opens HTTP/2 connections to the endpoint on one event loop. On that loop only.
struct GRPCConnector {
    let endpoint: OTLPEndpoint
    let tls: ClientTLS?
    let configuration: GRPCClientConfiguration
    let eventLoop: any EventLoop

    /// Connects; `completion` runs on the loop. A failing TLS handshake shows as the connection's end.
    func connect(completion: @escaping (Result<GRPCConnection, any Error>) -> Void) {
        let (endpoint, tls, configuration) = (endpoint, tls, configuration)
        ClientBootstrap(group: eventLoop)
            .connectTimeout(TimeAmount(configuration.connectTimeout))
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if let tls { try pipeline.addHandler(tls.makeHandler()) }
                    try pipeline.addHandler(
                        NIOHTTP2Handler(mode: .client, connectionConfiguration: Self.http2(configuration)))
                    try pipeline.addHandler(
                        GRPCConnection(channel: channel, endpoint: endpoint, configuration: configuration))
                }
            }
            .connect(host: endpoint.host, port: endpoint.port)
            .assumeIsolated()
            .whenComplete { [eventLoop] result in
                // The future comes before channelActive, with which HTTP/2 sends its preface.
                eventLoop.assumeIsolated().execute {
                    completion(
                        result.flatMap { channel in
                            Result { try channel.pipeline.syncOperations.handler(type: GRPCConnection.self) }
                        })
                }
            }
    }

    private static func http2(_ configuration: GRPCClientConfiguration) -> NIOHTTP2Handler.ConnectionConfiguration {
        var http2 = NIOHTTP2Handler.ConnectionConfiguration()
        // The window of a stream holds the largest answer with its prefix, see GRPCConnection.
        let window = min(configuration.responseLimit, 1 << 30) + GRPCMessageReader.prefixSize
        http2.initialSettings = [
            HTTP2Setting(parameter: .enablePush, value: 0),
            HTTP2Setting(parameter: .initialWindowSize, value: window),
            HTTP2Setting(parameter: .maxHeaderListSize, value: 16384),
        ]
        // grpc-go measures bandwidth with a PING per round trip while data flows, far more often than the default of
        // 200 in 30 seconds.
        http2.controlFrameRateLimit.maximumCount = 10_000
        http2.controlFrameRateLimit.windowLength = .seconds(1)
        return http2
    }
}
