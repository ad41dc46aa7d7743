// `service_graph`: pairs the client's and the server's spans of requests on the thread they come by, and tells who calls
// whom as metrics at every interval.

import CollectorCore
import OTLPWire
import Synchronization

/// One `service_graph` connector.
final class ServiceGraph: ConsumingComponent {
    private let config: ServiceGraphConfig
    private let clock: any CollectorClock
    private let workers: any WorkerPool
    private let account: Account
    private let sender: MetricsSender
    private let state: Mutex<GraphState>
    /// Held while metrics are written and sent: one round at a time.
    private let flushing = Mutex(false)
    private let isClosed = Atomic<Bool>(false)

    init(_ config: ServiceGraphConfig, _ context: ComponentContext, next: any Consumer) {
        self.config = config
        clock = context.clock
        workers = context.workers
        account = context.account
        sender = MetricsSender(context, type: "service_graph", next: next)
        state = Mutex(
            GraphState(config, seed: UInt64.random(in: 0...UInt64.max), room: SeriesRoom(context.budget)))
        register(context)
    }

    private func register(_ context: ComponentContext) {
        let labels = [(name: "connector", value: "\(context.id)")]
        let prefix = "otelcol_connector_servicegraph"
        func counter(_ name: String, _ help: String, _ read: @escaping @Sendable (borrowing GraphState) -> Int) {
            context.telemetry.counter("\(prefix)_\(name)", help, labels) { [weak self] in
                Double(self?.state.withLock { read($0) } ?? 0)
            }
        }
        counter("total_edges", "Requests of which a pair of services was found") { $0.edgeCount }
        counter("expired_edges", "Spans whose counterpart did not come in time") { $0.expiredCount }
        counter("dropped_spans", "Spans there was no room for to wait for their counterpart") { $0.droppedCount }
        context.telemetry.gauge("\(prefix)_waiting_spans", "Spans that wait for their counterpart", labels) {
            [weak self] in Double(self?.state.withLock { $0.waitingCount } ?? 0)
        }
    }

    func start() async throws(ComponentError) {
        if config.flushInterval > .zero { repeatedly(every: config.flushInterval) { $0.flush() } }
        repeatedly(every: config.expirationLoop) { graph in
            graph.state.withLock { $0.expire(now: graph.clock.now(), time: graph.clock.wallTime()) }
        }
        repeatedly(every: config.cacheLoop) { graph in
            let now = graph.clock.now()
            graph.state.withLock { $0.forget(before: now &- min(now, graph.config.staleAfter.nanoseconds)) }
        }
    }

    private func repeatedly(every interval: Duration, _ body: @escaping @Sendable (ServiceGraph) -> Void) {
        clock.schedule(after: interval) { [weak self] in
            guard let self, !isClosed.load(ordering: .relaxed) else { return }
            workers.run { body(self) }
            repeatedly(every: interval, body)
        }
    }

    func admit(_ batch: Batch) throws(DeliveryError) -> any Admission {
        ClosureAdmission { [self] in
            add(batch)
            return .done()
        }
    }

    private func add(_ batch: Batch) {
        let now = clock.now()
        let time = clock.wallTime()
        state.withLock { state in
            for segment in batch.segments {
                guard case .traces(let index) = segment.index else { continue }
                state.add(index, segment.body.readableBytesUInt8Span, now: now, time: time)
            }
        }
        account.forwarded.add(batch.itemCount)
        if config.flushInterval == .zero { workers.run { self.flush() } }
    }

    /// Sends all counts; the next ones say again what is refused.
    private func flush() {
        flushing.withLock { _ in
            state.withLock { $0.expire(now: clock.now(), time: clock.wallTime()) }
            var rest: GraphPlace? = .first
            while let place = rest {
                let (request, next) = state.withLock { $0.counts.request(at: place, config, time: clock.wallTime()) }
                if case .refused = sender.send(request) { return }
                rest = next
            }
        }
    }

    /// Waits for no counterpart any more, and sends the counts, again and again while downstream refuses them.
    func shutdown(deadline: UInt64) async {
        guard !isClosed.exchange(true, ordering: .relaxed) else { return }
        state.withLock { $0.expire(now: .max, time: clock.wallTime()) }
        await sender.drain(clock, until: deadline) {
            self.flush()
            return true
        }
    }
}
