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
    private let verdicts: TraceVerdicts
    private let sender: MetricsSender
    private let counts: Mutex<SpanCounts>
    /// Those that no thread has in use.
    private let readers: Mutex<[SpanReader]>
    /// The round of deltas that is under way; held while points are cut and sent: one round at a time.
    private let flushing = Mutex<FlushRound?>(nil)
    private let isClosed = Atomic<Bool>(false)

    init(_ config: SpanMetricsConfig, _ context: ComponentContext, next: any Consumer) {
        self.config = config
        clock = context.clock
        workers = context.workers
        account = context.account
        verdicts = context.verdicts
        if config.exemplarLimit != nil { verdicts.addReader() }
        sender = MetricsSender(context, type: "span_metrics", next: next)
        let room = SeriesRoom(context.budget)
        counts = Mutex(SpanCounts(config, room: room))
        readers = Mutex([])
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
            "\(prefix)_overflow_spans",
            "Spans counted under otel.metric.overflow: there was no room for their series, or for their resource",
            labels
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
        let idle = readers.withLock { $0.popLast() }
        var reader = idle ?? counts.withLock { $0.reader(seed: UInt64.random(in: 0...UInt64.max)) }
        for segment in batch.segments {
            guard case .traces(let index) = segment.index else { continue }
            let bytes = segment.body.readableBytesUInt8Span
            reader.read(index, bytes) { reader in
                counts.withLock { $0.count(&reader, index, bytes, now: now, time: time) }
            }
        }
        readers.withLock { $0.append(reader) }
        account.forwarded.add(batch.itemCount)
    }

    private func schedule() {
        clock.schedule(after: config.flushInterval) { [weak self] in
            guard let self, !isClosed.load(ordering: .relaxed) else { return }
            workers.run { self.flush() }
            schedule()
        }
    }

    /// Sends the points of all series, after what is left of the round under way; true when nothing is left to send.
    ///
    /// - Parameter isNew: begins a round when the one under way is over.
    @discardableResult
    private func flush(isNew: Bool = true) -> Bool {
        flushing.withLock { round in
            if config.temporality == .delta {
                // None is cut while earlier ones are not taken.
                guard sender.sendUnsent(onTaken: goOn) else { return false }
                if let current = round {
                    round = sendDeltas(of: current)
                    if round != nil { return false }
                }
                if isNew { round = sendDeltas(of: newRound()) }
            } else if isNew {
                sendRunningCounts(of: newRound())
            }
            return round == nil
        }
    }

    private func newRound() -> FlushRound {
        let (number, places) = counts.withLock { $0.beginRound(now: clock.now()) }
        return FlushRound(number: number, places)
    }

    /// Sends the points of a round until some are not taken at once; they are kept.
    ///
    /// - Returns: what is left of the round; nil when it is over.
    private func sendDeltas(of round: FlushRound) -> FlushRound? {
        var round = round
        while let request = cut(&round) {
            if !sender.sendDelta(request, onTaken: goOn) { return round }
        }
        let now = clock.now()
        counts.withLock { counts in
            counts.endRound()
            counts.taken(round: round.number)
            // Series that have nothing new to say between two deltas cost nobody anything when they are gone.
            counts.keepSeries { $0.hasNews || $0.lastSeen >= now &- min(now, Self.idle) }
        }
        return nil
    }

    /// Goes on with the round under way when its last points were taken.
    @Sendable private func goOn() { workers.run { self.flush(isNew: false) } }

    /// Sends the points of a round; what is refused is said again by the next one.
    private func sendRunningCounts(of round: FlushRound) {
        var round = round
        var pending: [Completion] = []
        var isRefused = false
        while !isRefused, let request = cut(&round) {
            switch sender.send(request) {
            case .done: break
            case .refused: isRefused = true
            case .pending(let completion): pending.append(completion)
            }
        }
        counts.withLock { $0.endRound() }
        if isRefused { return }
        if pending.isEmpty { return counts.withLock { $0.taken(round: round.number) } }
        Completion.all(pending, refused: nil, combine: Refusal.joined).whenFulfilled { [self, number = round.number] in
            if case .success = $0 { counts.withLock { $0.taken(round: number) } }
        }
    }

    /// The next request of a round; nil at its end.
    private func cut(_ round: inout FlushRound) -> [UInt8]? {
        let places = round.next()
        if places.isEmpty { return nil }
        let time = clock.wallTime()
        let isDecidedHere = verdicts.hasSampler && !verdicts.isObserved
        let latest = time &- min(time, 2 &* (verdicts.decisionWait ?? 0) &+ Self.shortestWait)
        return counts.withLock { counts in
            counts.request(places, time: time) { isDecidedHere ? fate($0, latest) : .shown }
        }
    }

    /// Only what leads somewhere goes on: where a sampler decides that are traces that it has kept, unless there is the
    /// `exemplars` processor, which waits for decisions and finds others for what was dropped.
    ///
    /// - Parameter latest: of spans that ended before, nobody will decide any more.
    private func fate(_ exemplar: SpanExemplar, _ latest: UInt64) -> ExemplarFate {
        switch verdicts.verdict(of: exemplar.traceID) {
        case .kept: .shown
        case .dropped, .lost: .forgotten
        case nil: exemplar.time > latest ? .waits : .forgotten
        }
    }

    /// Samplers that decide at once do so when the spans come.
    private static let shortestWait: UInt64 = 60_000_000_000

    /// Delta points of what was counted and is in no request yet.
    private var uncutDeltas: Int { config.temporality == .delta ? counts.withLock { $0.pointsToTell } : 0 }

    /// How long a series without spans is kept for deltas.
    private static let idle: UInt64 = 300_000_000_000

    /// Sends what was counted until now, again and again while downstream refuses it, until the deadline.
    func shutdown(deadline: UInt64) async {
        guard !isClosed.exchange(true, ordering: .relaxed) else { return }
        await sender.drain(clock, until: deadline, uncut: { self.uncutDeltas }) { self.flush() }
    }
}
