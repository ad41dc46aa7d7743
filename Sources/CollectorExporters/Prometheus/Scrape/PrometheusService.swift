import CollectorCore
import CollectorTransport

/// Puts the scrape endpoint behind an HTTP server: scrapes are rendered on worker threads, a few at the same time.
struct PrometheusService: HTTPService {
    let endpoint: PrometheusEndpoint
    let gate: ScrapeGate
    let workers: any WorkerPool

    func admit(_ head: HTTPCallHead) -> HTTPAdmission {
        if let refusal = endpoint.refusal(PrometheusEndpoint.Request(head)) { return .answer(refusal) }
        // Scrapes have no body; a small one does no harm.
        return .read(CallLimits(bytes: 64 << 10))
    }

    func handle(_ call: HTTPCall, respond: HTTPResponder) {
        let request = PrometheusEndpoint.Request(call.head)
        gate.enter(
            ScrapeGate.Visitor(
                start: { [endpoint, workers] lease in
                    workers.run {
                        let (answer, rest) = endpoint.answer(request, lease)
                        respond.answer(answer, rest: rest, keeping: lease)
                    }
                },
                refuse: { [endpoint] in respond.answer(endpoint.busy) },
                cutOff: { respond.closeConnection() }))
    }

    func failure(_ head: HTTPCallHead, _ error: DeliveryError, status: Int) -> HTTPAnswer {
        .text(status, "\(error.message)\n")
    }
}

extension PrometheusEndpoint.Request {
    init(_ head: HTTPCallHead) {
        self.init(
            method: head.method.rawValue, path: String(head.path),
            accept: Self.list(head, "accept"), acceptEncoding: Self.list(head, "accept-encoding"))
    }

    /// All lines of a header as one list.
    private static func list(_ head: HTTPCallHead, _ name: String) -> String? {
        let lines = head.request.headers[name]
        return lines.isEmpty ? nil : lines.joined(separator: ",")
    }
}
