import CollectorCore
import CollectorTransport
import NIOCore
import NIOPosix

/// How a request ended.
enum RequestOutcome: Sendable {
    /// `rejected` items were refused by a partial success.
    case taken(rejected: Int)
    /// The status in a few letters, by which errors are counted: `429`, `UNAVAILABLE`.
    case failed(String)
}

/// One connection. Used on its event loop only.
protocol RequestSender: Sendable {
    /// Sends a body and calls `completion` once, on this event loop.
    func send(_ body: ByteBuffer, completion: @escaping @Sendable (RequestOutcome) -> Void)
}

/// Why there is nothing to send with.
struct PlanError: Error, CustomStringConvertible {
    let description: String
}

/// A connection that speaks OTLP/HTTP.
struct HTTPSender: RequestSender {
    private let client: HTTPClient
    private let head: RequestHead
    private let timeout: Duration

    /// - Parameter group: of one event loop.
    init(_ plan: LoadPlan, group: MultiThreadedEventLoopGroup) throws(PlanError) {
        do {
            let endpoint = try OTLPEndpoint.http(plan.endpoint).appending(signalPath: "v1/\(plan.signal.rawValue)")
            let encoding = plan.isCompressed ? [(name: "content-encoding", value: "gzip")] : []
            head = try RequestHead(
                endpoint: endpoint,
                headers: [("content-type", "application/x-protobuf"), ("user-agent", "otlpload")] + encoding)
            var configuration = HTTPClientConfiguration()
            configuration.maxConnections = 1
            client = HTTPClient(endpoint: endpoint, tls: nil, configuration: configuration, group: group)
        } catch {
            throw PlanError(description: "\(error)")
        }
        timeout = plan.timeout
    }

    func send(_ body: ByteBuffer, completion: @escaping @Sendable (RequestOutcome) -> Void) {
        client.send(OutgoingRequest(head: head, body: [body], timeout: timeout)) { result in
            switch result {
            case .success(let answer) where (200..<300).contains(answer.status):
                completion(.taken(rejected: PartialSuccess.parse(answer.body).rejectedItems))
            case .success(let answer): completion(.failed("\(answer.status)"))
            case .failure(let error): completion(.failed(error.code.name))
            }
        }
    }
}

/// A connection that speaks OTLP/gRPC.
struct GRPCSender: RequestSender {
    private let client: GRPCClient
    private let head: GRPCRequestHead
    private let timeout: Duration
    private let isCompressed: Bool

    /// - Parameter group: of one event loop.
    init(_ plan: LoadPlan, group: MultiThreadedEventLoopGroup) throws(PlanError) {
        do {
            let endpoint = try OTLPEndpoint.grpc(plan.endpoint)
            head = try GRPCRequestHead(
                endpoint: endpoint, usesTLS: false, method: "/\(plan.signal.exportService)/Export",
                userAgent: "otlpload", metadata: [])
            client = GRPCClient(endpoint: endpoint, tls: nil, group: group)
        } catch {
            throw PlanError(description: "\(error)")
        }
        timeout = plan.timeout
        isCompressed = plan.isCompressed
    }

    func send(_ body: ByteBuffer, completion: @escaping @Sendable (RequestOutcome) -> Void) {
        let request = GRPCRequest(
            head: head, message: [body], isCompressed: isCompressed, timeout: timeout, waitForReady: true)
        client.send(request) { result in
            switch result {
            case .success(let answer): completion(.taken(rejected: PartialSuccess.parse(answer).rejectedItems))
            case .failure(let error): completion(.failed(error.code.name))
            }
        }
    }
}

extension PartialSuccess? {
    fileprivate var rejectedItems: Int { Int(clamping: self?.rejected ?? 0) }
}
