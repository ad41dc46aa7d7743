// The shell around the windows: brings spans to their shard, wakes shards when decisions are due, and sends on what
// they let out. Locks are held for a few hundred spans, more only where each has to copy a large resource, and never
// while another component is called.
//
//     consume ──▶ shard 0 … n (TraceWindow behind a lock) ──▶ Departures ──▶ Outbox ──▶ next component
//                      ▲ timer → worker: expire                   └─▶ verdicts, ledger, metrics

package import CollectorCore
import NIOCore
import OTLPWire
import Synchronization

package final class TailSampling: ConsumingComponent {
    let config: TailSamplingConfig
    let context: ComponentContext
    let shards: [WindowShard]
    let hash: TraceHash
    let chain: PolicyChain
    let facts: SpanFacts
    let outbox: Outbox
    let waitingRoom: WaitingRoom
    let timer: DecisionTimer
    /// Asked once: the answer is read from files.
    let coreCount = System.coreCount
    let metrics: TailSamplingMetrics
    let notSampled: Counter
    let pendingAtShutdown: Counter
    /// From the clock's time to the time of day, found once so that a decision's time is always told alike.
    let wallTimeOffset: UInt64
    /// Whether memory is being given back.
    let isRelieving = Atomic<Bool>(false)
    let isStopped = Atomic<Bool>(false)

    private static let trimInterval = Duration.seconds(10)

    package init(_ config: TailSamplingConfig, _ context: ComponentContext, next: any Consumer) throws(ComponentError) {
        self.config = config
        self.context = context
        let wallTimeOffset = context.clock.wallTime() &- context.clock.now()
        self.wallTimeOffset = wallTimeOffset
        let hash = TraceHash(context.hashKeys)
        self.hash = hash
        var builder = PolicyBuilder(wallTimeOffset: wallTimeOffset, keyMemory: KeyMemory(context.budget))
        let chain = PolicyChain(config.policies, stopsAtFirstMatch: config.samplesOnFirstMatch, &builder)
        self.chain = chain
        facts = SpanFacts(builder, context.hashKeys)
        let plan = WindowPlan(
            config, slotCount: chain.slotCount, followsLinks: chain.linkBit != nil,
            usualBytes: context.budget.usualClaim)
        for deviation in plan.deviations { context.log.warn(deviation) }
        let shards = try plan.makeShards(context, hash, chain)
        self.shards = shards
        timer = DecisionTimer(context.clock)
        let room = RoomSignal()
        outbox = Outbox(context, next: next, limit: plan.outboxBytes) { room.announce() }
        let waitingRoom = WaitingRoom(shards: shards.count)
        self.waitingRoom = waitingRoom
        metrics = TailSamplingMetrics(
            context, policies: config.policies,
            traces: { shards.reduce(0) { $0 + $1.window.withLock { $0.table.count } } },
            bytes: { shards.reduce(0) { $0 + $1.window.withLock { $0.bytes } } },
            records: { shards.reduce(0) { $0 + $1.window.withLock { $0.records.held } } },
            keys: builder.keyRegistry)
        notSampled = context.account.dropped(context.id.description, "not sampled")
        pendingAtShutdown = context.account.dropped(context.id.description, "pending at shutdown")
        context.account.addHolder { [outbox] in
            shards.reduce(outbox.heldItems + waitingRoom.heldItems) {
                $0 + $1.window.withLock { $0.log.segments.liveSpans }
            }
        }
        // A trace that is held for one with a link to it is decided after twice the wait at the latest.
        context.verdicts.addSampler(decisionWait: chain.holdsForLinks ? config.decisionWait * 2 : config.decisionWait)
        context.decisions.register(self)
        if config.blocksOnOverflow { unboundCounts() }
        room.listen { [weak self] in self?.resume() }
        context.budget.onShortage { [weak self] in self?.relieveSoon() }
    }

    package func start() async throws(ComponentError) {
        scheduleTrim()
    }

    package func prepareForShutdown() { takeIn(waitingRoom.open()) }

    package func shutdown(deadline: UInt64) async {
        isStopped.store(true, ordering: .sequentiallyConsistent)
        timer.cancel()
        takeIn(waitingRoom.close())
        closeWindows()
        await outbox.close(deadline: deadline)
    }

    /// Books what a window let out.
    func handle(_ departures: Departures, _ outgoing: inout Outgoing, droppedAs counter: Counter? = nil) {
        (counter ?? notSampled).add(departures.droppedSpans)
        metrics.note(departures)
        // Before the spans go on: whoever meets them downstream may ask.
        if context.verdicts.isWanted {
            context.verdicts.record(departures.kept, .kept)
            context.verdicts.record(departures.dropped, .dropped)
        }
        if !departures.records.isEmpty { announce(departures.records) }
        outgoing.add(departures.bodies)
        if !departures.links.isEmpty { settle(departures.links) }
    }

    func send(_ outgoing: inout Outgoing) {
        if let batch = outgoing.take() { outbox.send(batch) }
    }

    private func scheduleTrim() {
        context.clock.schedule(after: Self.trimInterval) { [weak self] in
            guard let self, !isStopped.load(ordering: .relaxed) else { return }
            for shard in shards { shard.window.withLock { $0.trim(now: context.clock.now()) } }
            chain.forgetIdleKeys(now: context.clock.now())
            scheduleTrim()
        }
    }
}
