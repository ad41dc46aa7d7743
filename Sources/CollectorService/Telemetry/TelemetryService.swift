import CollectorCore
import CollectorTransport

/// Finds the page that is asked for and lets it answer on a worker thread.
struct TelemetryService: HTTPService {
    private let pages: [any TelemetryPage]
    private let workers: any WorkerPool

    init(
        environment: ServiceEnvironment, endpoint: TelemetryConfig.ScrapeEndpoint,
        resource: [(name: String, value: String?)]
    ) {
        let pages: [any TelemetryPage] = [
            MetricsPage(environment: environment, endpoint: endpoint, resource: resource),
            DecisionsPage(decisions: environment.decisions),
            TraceDecisionsPage(decisions: environment.decisions),
        ]
        self.pages = pages + [DebugIndexPage(pages: pages)]
        workers = environment.workers
    }

    func admit(_ head: HTTPCallHead) -> HTTPAdmission {
        guard page(at: head.path) != nil else {
            let paths = pages.map { "\($0.path)" }.sorted().joined(separator: ", ")
            return .answer(.text(404, "no such page; the paths are \(paths)\n"))
        }
        guard head.method == .GET || head.method == .HEAD else {
            var answer = HTTPAnswer.text(405, "use GET\n")
            answer.headers.append(("allow", "GET, HEAD"))
            return .answer(answer)
        }
        return .read(CallLimits(bytes: 1 << 10))
    }

    func handle(_ call: HTTPCall, respond: HTTPResponder) {
        guard let (page, argument) = page(at: call.head.path) else { return }
        let request = PageRequest(argument: argument, query: call.head.query, accept: call.head.header("accept"))
        workers.run { respond.answer(page.answer(request)) }
    }

    func failure(_ head: HTTPCallHead, _ error: DeliveryError, status: Int) -> HTTPAnswer {
        .text(status, error.message + "\n")
    }

    private func page(at path: Substring) -> (page: any TelemetryPage, argument: Substring)? {
        for page in pages {
            if let argument = page.path.match(path) { return (page, argument) }
        }
        return nil
    }
}
