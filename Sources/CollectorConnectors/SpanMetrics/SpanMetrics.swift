// `span_metrics`: counts spans on the thread they come by, and tells the counts as metrics at every interval. What is
// counted is out of the connector's hands at once, so nothing is held and the client need not wait.

import CollectorCore
import OTLPWire
import Synchronization

/// One `span_metrics` connector.
final class SpanMetrics: ConsumingComponent {
    private let config: SpanMetricsConfig
    private let clock: any CollectorClock
    private let workers: any WorkerPool
    private let account: Account
    private let sender: MetricsSender
    private let counts: Mutex<SpanCounts>
    /// Held while points are cut and sent: one round at a time.
    private let flushing = Mutex(false)
    private let isClosed = Atomic<Bool>(false)

    init(_ config: SpanMetricsConfig, _ context: ComponentContext, next: any Consumer) {
        self.config = config
        clock = context.clock
        workers = context.workers
        account = context.account
        sender = MetricsSender(context, type: "span_metrics", next: next)
        let room = SeriesRoom(context.budget)
        counts = Mutex(SpanCounts(config, seed: UInt64.random(in: 0...UInt64.max), room: room))
        register(context, room)
    }

    private func register(_ context: ComponentContext, _ room: SeriesRoom) {
        let labels = [(name: "connector", value: "\(context.id)")]
        let prefix = "otelcol_connector_span_metrics"
        context.telemetry.gauge("\(prefix)_series", "Series that are kept", labels) { [weak self] in
            Double(self?.counts.withLock { $0.seriesCount } ?? 0)
        }
        context.telemetry.gauge("\(prefix)_series_bytes", "Bytes that series take", labels) { Double(room.bytes) }
        context.telemetry.counter(
            "\(prefix)_folded_spans", "Spans counted under __other__: a label of their service had too many values",
            labels
        ) { [weak self] in
            Double(self?.counts.withLock { $0.foldedCount } ?? 0)
        }
        context.telemetry.counter(
            "\(prefix)_overflow_spans", "Spans counted without labels: there was no room for another series", labels
        ) { [weak self] in
            Double(self?.counts.withLock { $0.overflowCount } ?? 0)
        }
    }

    func start() async throws(ComponentError) { schedule() }

    func admit(_ batch: Batch) throws(DeliveryError) -> any Admission {
        ClosureAdmission { [self] in
            count(batch)
            return .done()
        }
    }

    func consume(_ batch: Batch) throws(DeliveryError) -> Acceptance {
        count(batch)
        return .done()
    }

    private func count(_ batch: Batch) {
        let now = clock.now()
        let time = clock.wallTime()
        counts.withLock { counts in
            for segment in batch.segments {
                guard case .traces(let index) = segment.index else { continue }
                counts.count(index, segment.body.readableBytesUInt8Span, now: now, time: time)
            }
        }
        account.forwarded.add(batch.itemCount)
    }

    private func schedule() {
        clock.schedule(after: config.flushInterval) { [weak self] in
            guard let self, !isClosed.load(ordering: .relaxed) else { return }
            workers.run { self.flush() }
            schedule()
        }
    }

    /// Sends the points of all series, unless earlier ones that must not be lost are still refused.
    private func flush() {
        flushing.withLock { _ in
            guard sender.sendUnsent() else { return }
            let now = clock.now()
            let places = counts.withLock { counts in
                counts.expire(now: now)
                return counts.places()
            }
            var round = FlushRound(places, time: clock.wallTime())
            let isDelta = config.temporality == .delta
            while true {
                let places = round.next()
                if places.isEmpty { break }
                let request = counts.withLock { $0.request(places, time: round.time) }
                // The next points of cumulative series say it all again.
                if !sender.send(request, isDelta: isDelta) { break }
            }
            // Series that have nothing new to say between two deltas cost nobody anything when they are gone.
            if isDelta { counts.withLock { $0.keepSeries { $0.hasNews || $0.lastSeen >= now &- min(now, Self.idle) } } }
        }
    }

    /// How long a series without spans is kept for deltas.
    private static let idle: UInt64 = 300_000_000_000

    /// Sends what was counted until now, again and again while downstream refuses it, until the deadline.
    func shutdown(deadline: UInt64) async {
        guard !isClosed.exchange(true, ordering: .relaxed) else { return }
        await sender.drain(clock, until: deadline) { self.flush() }
    }
}
