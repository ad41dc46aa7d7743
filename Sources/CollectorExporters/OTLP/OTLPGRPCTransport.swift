import CollectorCore
import CollectorTransport
import NIOCore

/// Makes Export calls to one OTLP/gRPC endpoint.
struct OTLPGRPCTransport: ExportTransport {
    private let client: GRPCClient
    private let head: GRPCRequestHead
    private let timeout: Duration
    private let waitsForReady: Bool

    init(_ config: OTLPGRPCExporterConfig, signal: Signal, _ context: ComponentContext) throws(ComponentError) {
        guard let endpoint = config.endpoint else {
            throw ComponentError("exporter \(context.id) has no endpoint; set `endpoint`, for example localhost:4317")
        }
        let tls = try context.clientTLS(config.tls, endpoint: endpoint, isOnByDefault: true, protocols: ["h2"])
        do {
            head = try GRPCRequestHead(
                endpoint: endpoint, usesTLS: tls != nil, method: "/\(signal.exportService)/Export",
                userAgent: context.build.userAgent, metadata: config.headers)
        } catch {
            throw ComponentError("exporter \(context.id): \(error)")
        }
        client = GRPCClient(
            endpoint: endpoint, tls: tls, configuration: config.client, group: try context.posixEventLoops())
        timeout = config.timeout > .zero ? config.timeout : .seconds(86_400)
        waitsForReady = config.waitsForReady
    }

    func send(_ request: ExportRequest, done: @escaping @Sendable (Result<PartialSuccess?, DeliveryError>) -> Void) {
        let call = GRPCRequest(
            head: head, message: request.body, isCompressed: request.isCompressed, timeout: timeout,
            waitForReady: waitsForReady)
        client.send(call) { done($0.map { PartialSuccess.parse($0) }) }
    }

    func close() -> EventLoopFuture<Void> { client.shutDown() }
}
