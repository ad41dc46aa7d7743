import CollectorCore
package import CollectorTransport

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

    /// The answer to a scrape, or its beginning and what makes the rest: a large exposition never exists as a whole.
    /// Renders and compresses series: call it on a worker thread.
    package func answer(_ request: Request) -> (answer: HTTPAnswer, rest: (any HTTPBodySource)?) {
        answer(request, nil)
    }

    /// - Parameter lease: what the scrape runs by; nil for one that nobody waits for.
    func answer(_ request: Request, _ lease: ScrapeLease?) -> (answer: HTTPAnswer, rest: (any HTTPBodySource)?) {
        if let refusal = refusal(request) { return (refusal, nil) }
        let format = ScrapeFormat(accept: request.accept, offersOpenMetrics: offersOpenMetrics)
        let moment = IngestClock(now: clock.now(), wall: clock.wallTime())
        let wanted = ScrapeRequest(
            format: format, clock: moment, sendsTimestamps: sendsTimestamps, showsCreated: showsCreated,
            exemplarCutoff: store.exemplarCutoff(moment.now))
        var scrape = Scrape(wanted, store, compresses: acceptsGzip(request.acceptEncoding))
        var fields = [("content-type", format.contentType), ("vary", "Accept, Accept-Encoding")] + headers
        if scrape.compresses { fields.append(("content-encoding", "gzip")) }
        let first = scrape.next()
        if lease?.rest(holding: scrape.heldBytes) == false { return (busy, nil) }
        switch first {
        case .end(let body): return (HTTPAnswer(status: 200, headers: fields, body: body), nil)
        case .part(let body): return (HTTPAnswer(status: 200, headers: fields, body: body), ScrapeSource(scrape, lease))
        case .failed: return (with(headers, .text(500, "compressing the scrape failed\n")), nil)
        }
    }

    /// The answer to a scrape that there is no room for now.
    var busy: HTTPAnswer {
        with([("retry-after", "1")] + headers, .text(503, "too many scrapes at the same time; try again\n"))
    }

    private func with(_ headers: [(name: String, value: String)], _ answer: HTTPAnswer) -> HTTPAnswer {
        HTTPAnswer(status: answer.status, headers: answer.headers + headers, body: answer.body)
    }
}
