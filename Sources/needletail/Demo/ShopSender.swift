import CollectorCore
import CollectorTransport
import NIOCore
import NIOPosix
import Synchronization

/// Runs the shop: about twenty requests a second, metrics every two seconds, sent as OTLP/HTTP over loopback.
final class ShopSender: Sendable {
    private struct State {
        var metrics: ShopMetrics
        var ticks = 0
    }

    private static let tick = Duration.milliseconds(50)
    private static let ticksPerReport = 40

    private let traces: HTTPClient
    private let metrics: HTTPClient
    private let tracesHead: RequestHead
    private let metricsHead: RequestHead
    private let clock: any CollectorClock
    private let state: Mutex<State>
    private let log: Log
    private let isStopped = Atomic(false)

    init(endpoint: String, group: MultiThreadedEventLoopGroup, log: Log) throws {
        let base = try OTLPEndpoint.http(endpoint)
        let headers = [(name: "Content-Type", value: "application/json")]
        traces = HTTPClient(endpoint: base.appending(signalPath: "v1/traces"), tls: nil, group: group)
        metrics = HTTPClient(endpoint: base.appending(signalPath: "v1/metrics"), tls: nil, group: group)
        tracesHead = try RequestHead(endpoint: traces.endpoint, headers: headers)
        metricsHead = try RequestHead(endpoint: metrics.endpoint, headers: headers)
        clock = SystemClock(eventLoop: group.next())
        state = Mutex(State(metrics: ShopMetrics(startNanoseconds: clock.wallTime())))
        self.log = log
    }

    func start() {
        guard !isStopped.load(ordering: .relaxed) else { return }
        let now = clock.wallTime()
        let trace = Shop().request(endingAt: now)
        let report = state.withLock { state -> ShopMetrics? in
            state.metrics.count(trace)
            state.ticks += 1
            return state.ticks % Self.ticksPerReport == 0 ? state.metrics : nil
        }
        for service in Shop.services {
            if let body = trace.json(of: service) { send(body, traces, tracesHead) }
            if let report { send(report.json(of: service, at: now), metrics, metricsHead) }
        }
        clock.schedule(after: Self.tick) { self.start() }
    }

    private func send(_ body: String, _ client: HTTPClient, _ head: RequestHead) {
        let request = OutgoingRequest(head: head, body: [ByteBuffer(string: body)], timeout: .seconds(5))
        client.send(request) { [log] result in
            switch result {
            case .success(let response) where response.status != 200:
                log.warn("the collector answered \(response.status)")
            case .success: break
            case .failure(let error): log.warn("cannot send to the collector: \(error)")
            }
        }
    }

    func stop() async {
        isStopped.store(true, ordering: .relaxed)
        try? await traces.shutDown().get()
        try? await metrics.shutDown().get()
    }
}
