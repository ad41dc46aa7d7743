package import CollectorCore
import CollectorTransport
import NIOCore
package import OTLPWire
import Synchronization

/// Keeps the newest points of all series and shows them to Prometheus.
package final class PrometheusExporter: Component, Consumer, ExemplarSink {
    /// How often what is over is removed: expired series are not shown in any case, so this is about memory only.
    private static let sweepInterval = Duration.seconds(30)

    private struct State {
        var server: HTTPServer?
        var sweep: (any ScheduledCall)?
        var isShutDown = false
    }

    private let config: PrometheusConfig
    private let context: ComponentContext
    let store: MetricStore
    private let drops: [DropReason: Counter]
    package let endpoint: PrometheusEndpoint
    private let state = Mutex(State())

    init(_ config: PrometheusConfig, _ context: ComponentContext) {
        self.config = config
        self.context = context
        let tools = IngestTools(
            labeler: SeriesLabeler(config),
            exemplarText: ExemplarText(namer: LabelNamer(strategy: config.translationStrategy)),
            conflicts: ConflictCounters(context.telemetry, exporter: context.id),
            resets: ResetCounters(context.telemetry, exporter: context.id),
            gaps: GapCounters(context.telemetry, exporter: context.id),
            directory: SeriesDirectory(),
            memory: SeriesMemory(context.budget))
        context.telemetry.gauge(
            "otelcol_exporter_prometheus_series_bytes",
            "What the series of the scrape endpoint take of the byte budget.",
            [("exporter", "\(context.id)")]
        ) { [memory = tools.memory] in Double(memory.bytes) }
        let pairs = DropReason.allCases.map { ($0, context.account.dropped("\(context.id)", $0.rawValue)) }
        drops = Dictionary(uniqueKeysWithValues: pairs)
        let report = OmissionReport(pairs.map { ($0.rawValue, $1) } + tools.conflicts.omissions)
        store = MetricStore(config, tools: tools, report: config.reportsOmissions ? report : nil, log: context.log)
        endpoint = PrometheusEndpoint(config, store: store, clock: context.clock)
        context.exemplars.register(self)
    }

    /// The port scrapes go to, once started; tests ask for port 0.
    package var port: Int? { state.withLock { $0.server?.port } }

    package func start() async throws(ComponentError) {
        var settings = HTTPServerSettings()
        if let timeout = config.readHeaderTimeout { settings.headerTimeout = timeout }
        if let timeout = config.idleTimeout { settings.idleTimeout = timeout }
        if let timeout = config.writeTimeout { settings.writeTimeout = timeout }
        do {
            let server = try await HTTPServer.start(
                endpoint: config.endpoint,
                service: PrometheusService(
                    endpoint: endpoint, gate: ScrapeGate(context), workers: context.workers),
                settings: settings, budget: context.budget, workers: context.workers, group: context.eventLoops)
            state.withLock { $0.server = server }
            context.log.info("scrape endpoint on \(server.addresses.listed)/metrics")
        } catch {
            throw ComponentError("exporter \(context.id): endpoint: \(error.description)")
        }
        scheduleSweep()
    }

    package func shutdown(deadline: UInt64) async {
        let (server, sweep) = state.withLock { state in
            defer { (state.server, state.sweep, state.isShutDown) = (nil, nil, true) }
            return (state.server, state.sweep)
        }
        sweep?.cancel()
        let now = context.clock.now()
        await server?.shutdown(within: .nanoseconds(Int64(clamping: deadline > now ? deadline - now : 0)))
    }

    package func admit(_ batch: Batch) throws(DeliveryError) -> any Admission {
        ClosureAdmission { [self] in take(batch) }
    }

    package func consume(_ batch: Batch) throws(DeliveryError) -> Acceptance {
        take(batch)
    }

    private func take(_ batch: Batch) -> Acceptance {
        var tally = IngestTally()
        let clock = clock()
        for segment in batch.segments {
            guard case .metrics(let index) = segment.index else { continue }
            store.ingest(index, segment.body.readableBytesUInt8Span, clock, tally: &tally)
        }
        context.account.exposed.add(tally.exposed)
        for (reason, count) in tally.dropped { drops[reason]?.add(count) }
        return .done()
    }

    package func offer(_ exemplar: Exemplar, to series: SeriesKey) -> Bool {
        store.offer(exemplar, to: series, clock())
    }

    private func clock() -> IngestClock {
        IngestClock(now: context.clock.now(), wall: context.clock.wallTime())
    }

    package func withdraw(_ traces: Set<TraceID>) {
        store.withdraw(traces)
    }

    /// Removes what is over.
    func sweep() {
        store.sweep(now: context.clock.now())
    }

    private func scheduleSweep() {
        let call = context.clock.schedule(after: Self.sweepInterval) { [weak self] in
            guard let self else { return }
            context.workers.run { [self] in
                sweep()
                scheduleSweep()
            }
        }
        state.withLock { state in
            if state.isShutDown { call.cancel() } else { state.sweep = call }
        }
    }
}
