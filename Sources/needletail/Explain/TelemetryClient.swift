import CollectorCore
import CollectorTransport
import NIOCore
import NIOPosix

/// Asks a running collector for one page of its own telemetry.
struct TelemetryClient {
    /// Why there is nothing to show, and what to do.
    struct Failure: Error {
        var message: String
    }

    /// A thousand decisions with the votes of a hundred policies have room.
    private static let answerLimit = 64 << 20
    private static let timeout = Duration.seconds(10)

    /// As the user gave it, for messages.
    private let name: String
    private let url: OTLPEndpoint
    private let tls: ClientTLS?
    private let head: RequestHead
    private let mediaType: String

    /// - Parameters:
    ///   - endpoint: a URL; `http://` may be left out.
    ///   - mediaType: of the answer.
    init(
        endpoint: String, page: String, query: [(name: String, value: String)], mediaType: String
    ) throws(Failure) {
        let pairs = query.map { "\($0.name)=\($0.value.percentEncoded)" }.joined(separator: "&")
        do {
            let base = try OTLPEndpoint.http(endpoint.contains("://") ? endpoint : "http://" + endpoint)
            let joined = base.appending(signalPath: page).description
            url = try OTLPEndpoint.http(joined + (pairs.isEmpty ? "" : (base.query.isEmpty ? "?" : "&") + pairs))
            tls = try url.tls(ClientTLSSettings(), applicationProtocols: ["http/1.1"])
            head = try RequestHead(
                endpoint: url, method: .get,
                headers: [("Accept", mediaType), ("User-Agent", "needletail/\(BuildInfo.current.version)")])
        } catch let error as EndpointError {
            throw Failure(
                message: "--endpoint \(endpoint): \(error.problem); expected a URL like http://localhost:8888")
        } catch {
            throw Failure(message: "--endpoint \(endpoint): \(error)")
        }
        name = endpoint
        self.mediaType = mediaType
    }

    /// The page's text.
    func get() async throws(Failure) -> String {
        let answer = try await exchange()
        let text = String(buffer: answer.body)
        guard answer.status == 200 else { throw refused(answer.status, text) }
        guard answer.headers.first(name: "content-type")?.hasPrefix(mediaType) == true else {
            throw Failure(message: "\(name) answered, but not as a collector's own telemetry does; try --endpoint URL")
        }
        return text
    }

    private func exchange() async throws(Failure) -> HTTPResponse {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        var limits = HTTPClientConfiguration()
        limits.responseLimit = Self.answerLimit
        let client = HTTPClient(endpoint: url, tls: tls, configuration: limits, group: group)
        let result = await client.send(OutgoingRequest(head: head, body: [], timeout: Self.timeout)).result()
        try? await client.shutDown().get()
        try? await group.shutdownGracefully()
        switch result {
        case .success(let answer): return answer
        case .failure(let error): throw Failure(message: unreachable(error))
        }
    }

    private func unreachable(_ error: any Error) -> String {
        let cause = (error as? DeliveryError)?.message ?? "\(error)"
        return """
            no answer: \(cause)
            Is the collector running, and is this where it serves its own telemetry? That is \
            service.telemetry.metrics.address, localhost:8888 unless configured; with \
            service.telemetry.metrics.level: none there is nothing to ask. Another place: --endpoint URL.
            """
    }

    private func refused(_ status: Int, _ text: String) -> Failure {
        let shown = text.clipped(to: 2000).split(whereSeparator: \.isNewline).map { String($0).printable }
        let hint =
            status == 404
            ? "\nIs this the own telemetry of the collector that takes these traces? Another place: --endpoint URL."
            : ""
        return Failure(message: "\(name) answered \(status): \(shown.joined(separator: "\n"))\(hint)")
    }
}

extension String {
    /// For a value in a URL's query: all but the unreserved characters of RFC 3986 encoded.
    fileprivate var percentEncoded: String {
        var result = ""
        for byte in utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                result.unicodeScalars.append(Unicode.Scalar(byte))
            default: result += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }
        return result
    }
}

extension EventLoopFuture where Value: Sendable {
    fileprivate func result() async -> Result<Value, any Error> {
        do { return .success(try await get()) } catch { return .failure(error) }
    }
}
