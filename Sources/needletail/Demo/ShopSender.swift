import CollectorCore
import CollectorTransport
import NIOCore
import NIOPosix
import Synchronization

/// Runs the shop: twenty to forty requests a second, metrics every two seconds, sent as OTLP/HTTP over loopback.
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
        let shop = Shop(at: now)
        let traces = (0..<shop.arrivals).map { _ in shop.request(endingAt: now) }
        let report = state.withLock { state -> ShopMetrics? in
            for trace in traces { state.metrics.count(trace) }
            state.ticks += 1
            return state.ticks % Self.ticksPerReport == 0 ? state.metrics : nil
        }
        for trace in traces { send(trace) }
        for service in Shop.services {
            if let body = report?.json(of: service, at: now) { send(body, metrics, metricsHead) }
        }
        clock.schedule(after: Self.tick) { self.start() }
    }

    private func send(_ trace: ShopTrace) {
        for service in Shop.services {
            guard let body = trace.json(of: service) else { continue }
            let lateness = Shop.lateness(of: service)
            guard lateness > .zero else {
                send(body, traces, tracesHead)
                continue
            }
            clock.schedule(after: lateness) { [self] in
                if !isStopped.load(ordering: .relaxed) { send(body, traces, tracesHead) }
            }
        }
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
