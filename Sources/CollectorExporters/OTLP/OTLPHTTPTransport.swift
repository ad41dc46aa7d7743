import CollectorCore
import CollectorTransport
import NIOCore
import NIOPosix

/// Sends requests to one OTLP/HTTP endpoint.
struct OTLPHTTPTransport: ExportTransport {
    private let client: HTTPClient
    private let plainHead: RequestHead
    private let gzipHead: RequestHead
    private let timeout: Duration
    private let clock: any CollectorClock

    init(
        _ config: OTLPHTTPExporterConfig, endpoint: OTLPEndpoint, signal: Signal, _ context: ComponentContext
    ) throws(ComponentError) {
        let headers =
            [("Content-Type", "application/x-protobuf"), ("User-Agent", context.build.userAgent)] + config.headers
        do {
            plainHead = try RequestHead(endpoint: endpoint, headers: headers)
            gzipHead = try RequestHead(endpoint: endpoint, headers: headers + [("Content-Encoding", "gzip")])
        } catch {
            throw ComponentError("exporter \(context.id): \(error)")
        }
        let tls = try context.clientTLS(config.tls, endpoint: endpoint, isOnByDefault: false, protocols: ["http/1.1"])
        client = HTTPClient(
            endpoint: endpoint, tls: tls, configuration: config.client, group: try context.posixEventLoops())
        timeout = config.timeout > .zero ? config.timeout : .seconds(86_400)
        clock = context.clock
    }

    func send(_ request: ExportRequest, done: @escaping @Sendable (Result<PartialSuccess?, DeliveryError>) -> Void) {
        let head = request.isCompressed ? gzipHead : plainHead
        let endpoint = client.endpoint.description
        let clock = clock
        client.send(OutgoingRequest(head: head, body: request.body, timeout: timeout)) { result in
            done(
                result.flatMap { HTTPOutcome.classify($0, endpoint: endpoint, wallTime: clock.wallTime()) }
                    .map { PartialSuccess.parse($0) })
        }
    }

    func close() -> EventLoopFuture<Void> { client.shutDown() }
}

extension BuildInfo {
    /// Names the product, the language and the version (conformance 90).
    var userAgent: String { "OTel-OTLP-Exporter-Swift/\(version) \(name)/\(version)" }
}

extension ComponentContext {
    /// The event loops as the transport needs them.
    func posixEventLoops() throws(ComponentError) -> MultiThreadedEventLoopGroup {
        guard let group = eventLoops as? MultiThreadedEventLoopGroup else {
            throw ComponentError("exporter \(id) needs event loops with sockets")
        }
        return group
    }

    /// TLS for an endpoint, nil for the clear: the scheme decides, then `insecure`.
    func clientTLS(
        _ settings: ClientTLSSettings, endpoint: OTLPEndpoint, isOnByDefault: Bool, protocols: [String]
    ) throws(ComponentError) -> ClientTLS? {
        guard endpoint.usesTLS ?? (isOnByDefault && !settings.insecure) else { return nil }
        do {
            return try ClientTLS(settings, host: endpoint.host, applicationProtocols: protocols)
        } catch {
            throw ComponentError("exporter \(id): \(error)")
        }
    }
}
