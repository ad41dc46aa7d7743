import CollectorCore
package import CollectorTransport
import NIOCore

/// Answers requests to the scrape endpoint; knows nothing of sockets.
package struct PrometheusEndpoint: Sendable {
    /// What of a request decides the answer.
    package struct Request: Sendable {
        package var method: String
        /// Without the query.
        package var path: String
        package var accept: String?
        package var acceptEncoding: String?

        package init(method: String, path: String, accept: String?, acceptEncoding: String?) {
            self.method = method
            self.path = path
            self.accept = accept
            self.acceptEncoding = acceptEncoding
        }
    }

    private let store: MetricStore
    private let clock: any CollectorClock
    private let offersOpenMetrics: Bool
    private let sendsTimestamps: Bool
    private let showsCreated: Bool
    private let headers: [(name: String, value: String)]

    init(_ config: PrometheusConfig, store: MetricStore, clock: any CollectorClock) {
        self.store = store
        self.clock = clock
        offersOpenMetrics = config.enablesOpenMetrics
        sendsTimestamps = config.sendsTimestamps
        showsCreated = config.showsCreatedTimestamps
        headers = config.responseHeaders
    }

    /// The answer when it takes no work: to wrong methods and paths (conformance 199).
    package func refusal(_ request: Request) -> HTTPAnswer? {
        guard request.path == "/metrics" else {
            return with(headers, .text(404, "not found; metrics are at /metrics\n"))
        }
        guard request.method == "GET" || request.method == "HEAD" else {
            return with([("allow", "GET, HEAD")] + headers, .text(405, "use GET\n"))
        }
        return nil
    }

    /// The answer to a scrape. Renders all series and compresses them: call it on a worker thread.
    package func answer(_ request: Request) -> HTTPAnswer {
        if let refusal = refusal(request) { return refusal }
        let format = ScrapeFormat(accept: request.accept, offersOpenMetrics: offersOpenMetrics)
        let now = clock.now()
        let scrape = ScrapeRequest(
            format: format, now: now, sendsTimestamps: sendsTimestamps, showsCreated: showsCreated,
            exemplarCutoff: store.exemplarCutoff(now))
        let fields = [("content-type", format.contentType), ("vary", "Accept, Accept-Encoding")] + headers
        if acceptsGzip(request.acceptEncoding), let body = store.exposition(scrape, compresses: true) {
            return HTTPAnswer(status: 200, headers: fields + [("content-encoding", "gzip")], body: body)
        }
        let body = store.exposition(scrape, compresses: false) ?? ByteBuffer()
        return HTTPAnswer(status: 200, headers: fields, body: body)
    }

    private func with(_ headers: [(name: String, value: String)], _ answer: HTTPAnswer) -> HTTPAnswer {
        HTTPAnswer(status: answer.status, headers: answer.headers + headers, body: answer.body)
    }
}
