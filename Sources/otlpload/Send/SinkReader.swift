import CollectorCore
import CollectorTransport
import Glibc
import NIOCore
import NIOPosix

/// Asks a sink for its counts. Blocks; from no event loop.
struct SinkReader {
    private let client: HTTPClient
    private let head: RequestHead
    private let url: String

    init(url: String) throws(PlanError) {
        do {
            let endpoint = try OTLPEndpoint.http(url)
            head = try RequestHead(endpoint: endpoint, headers: [("user-agent", "otlpload")])
            client = HTTPClient(
                endpoint: endpoint, tls: nil, group: MultiThreadedEventLoopGroup(numberOfThreads: 1))
        } catch {
            throw PlanError(description: "\(error)")
        }
        self.url = url
    }

    func read() throws -> SinkStatistics {
        let answer = try client.send(OutgoingRequest(head: head, body: [], timeout: .seconds(10))).wait()
        guard answer.status == 200, let statistics = SinkStatistics(json: answer.body.text) else {
            throw PlanError(description: "\(url) is no sink: it answered \(answer.status) without the counts")
        }
        return statistics
    }

    /// Reads until `arrived` items or more are there, or for `quiet` nothing more has come.
    func settle(arrived: Int, quiet: Duration) throws -> SinkStatistics {
        let clock = ContinuousClock()
        var last = try read()
        var changed = clock.now
        while last.items < arrived, clock.now - changed < quiet {
            usleep(20_000)
            let current = try read()
            if current != last { changed = clock.now }
            last = current
        }
        return last
    }
}

extension ByteBuffer {
    fileprivate var text: String { getString(at: readerIndex, length: readableBytes) ?? "" }
}
