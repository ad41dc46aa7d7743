// The shell around the windows: brings spans to their shard, wakes shards when decisions are due, and sends on what
// they let out. Locks are held for a few hundred spans at most, and never while another component is called.
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
    private let turns = TickTurns<WindowShard>(cores: System.coreCount)
    let metrics: TailSamplingMetrics
    let notSampled: Counter
    let pendingAtShutdown: Counter
    /// From the clock's time to the time of day, found once so that a decision's time is always told alike.
    let wallTimeOffset: UInt64
    private let isStopped = Atomic<Bool>(false)

    /// Traces that one lock hold decides at most, and spans that it takes in.
    private static let tracesAtOnce = 64
    private static let spansAtOnce = 512
    /// Nanoseconds that a shard decides before others have their turn.
    private static let longestTurn: UInt64 = 10_000_000
    private static let trimInterval = Duration.seconds(10)

    package init(_ config: TailSamplingConfig, _ context: ComponentContext, next: any Consumer) throws(ComponentError) {
        self.config = config
        self.context = context
        wallTimeOffset = context.clock.wallTime() &- context.clock.now()
        let hash = TraceHash()
        self.hash = hash
        var builder = PolicyBuilder()
        let chain = PolicyChain(config.policies, stopsAtFirstMatch: config.samplesOnFirstMatch, &builder)
        self.chain = chain
        facts = SpanFacts(builder)
        let plan = WindowPlan(
            config, slotCount: chain.slotCount, budgetBytes: context.budget.limitBytes,
            softLimitBytes: context.budget.softLimitBytes)
        let shards = try plan.makeShards(context, hash, chain)
        self.shards = shards
        let room = RoomSignal()
        outbox = Outbox(context, next: next, limit: plan.outboxBytes) { room.announce() }
        let waitingRoom = WaitingRoom(shards: shards.count)
        self.waitingRoom = waitingRoom
        metrics = TailSamplingMetrics(
            context, policies: config.policies,
            traces: { shards.reduce(0) { $0 + $1.window.withLock { $0.table.count } } },
            bytes: { shards.reduce(0) { $0 + $1.window.withLock { $0.bytes } } },
            records: { shards.reduce(0) { $0 + $1.window.withLock { $0.records.held } } })
        notSampled = context.account.dropped(context.id.description, "not sampled")
        pendingAtShutdown = context.account.dropped(context.id.description, "pending at shutdown")
        context.account.addHolder { [outbox] in
            shards.reduce(outbox.heldItems + waitingRoom.heldItems) {
                $0 + $1.window.withLock { $0.log.segments.liveSpans }
            }
        }
        context.verdicts.addSampler(decisionWait: config.decisionWait)
        context.decisions.register(self)
        room.listen { [weak self] in self?.resume() }
    }

    package func start() async throws(ComponentError) {
        scheduleTrim()
    }

    package func shutdown(deadline: UInt64) async {
        isStopped.store(true, ordering: .sequentiallyConsistent)
        for shard in shards { shard.cancelTimer() }
        endWaiting()
        closeWindows()
        await outbox.close(deadline: deadline)
    }

    // MARK: Arrival

    package func admit(_ batch: Batch) throws(DeliveryError) -> any Admission {
        if isStopped.load(ordering: .relaxed) {
            throw shuttingDown
        }
        if outbox.isFull {
            throw .retryable(
                "\(context.id): the next component takes no kept spans at the moment; try again later",
                after: .seconds(1))
        }
        return ClosureAdmission { [self] in
            if config.blocksOnOverflow { return arriveInTurn(batch) }
            arrive(batch)
            return .done()
        }
    }

    var shuttingDown: DeliveryError {
        .retryable("\(context.id) is shutting down; send to another collector, or again when it is back")
    }

    func arrive(_ batch: Batch) {
        context.verdicts.promotions.preview(batch)
        context.account.whileInside(batch.itemCount) {
            var outgoing = Outgoing(context.budget)
            for segment in batch.segments {
                guard case .traces(let index) = segment.index else { continue }
                // Tracestates that a processor before has replaced are not in the bytes yet.
                let (body, current) =
                    index.traceStates.isEmpty
                    ? (segment.body, index) : index.written(segment.body.readableBytesUInt8Span)
                arrive(
                    Arrival(body: body, index: current, hash: hash, facts: facts, now: context.clock.now()), &outgoing)
            }
            send(&outgoing)
        }
    }

    private func arrive(_ arrival: Arrival, _ outgoing: inout Outgoing) {
        var groups = ArrivalGroups(arrival, hash: hash)
        var late: [(span: UInt32, decision: Decision)] = []
        let isObserved = context.decisions.isObserved
        for (shard, positions) in zip(shards, arrival.positions(shards: shards.count)) {
            var rest = positions[...]
            while !rest.isEmpty {
                let part = rest.prefix(Self.spansAtOnce)
                rest = rest.dropFirst(Self.spansAtOnce)
                let (departures, deadline) = shard.window.withLock { window in
                    window.isObserved = isObserved
                    let departures = window.add(arrival, &groups, part, now: context.clock.now())
                    return (departures, window.nextDeadline)
                }
                late += departures.late
                handle(departures, &outgoing)
                if let deadline { wake(shard, at: deadline) }
            }
        }
        outgoing.add(late, of: arrival)
    }

    // MARK: Departure

    /// Decides what is due in a shard, or leaves that to whoever is deciding in others.
    private func tick(_ shard: WindowShard) {
        guard turns.begin(shard) else { return }
        var next: WindowShard? = shard
        while let shard = next {
            decide(shard)
            next = turns.end()
        }
    }

    /// Decides what is due in a shard and sends on what is kept, as one batch as far as that is of a sensible size.
    private func decide(_ shard: WindowShard) {
        guard !isStopped.load(ordering: .relaxed) else { return }
        shard.beginTick()
        // While downstream takes nothing, traces rest in the window; `resume` goes on.
        guard !outbox.isFull else { return }
        let start = context.clock.now()
        var outgoing = Outgoing(context.budget)
        var departures = Departures()
        repeat {
            departures = shard.window.withLock { $0.expire(now: context.clock.now(), limit: Self.tracesAtOnce) }
            handle(departures, &outgoing)
            if outgoing.isLarge { send(&outgoing) }
        } while departures.hasMore && !outbox.isFull && context.clock.now() &- start < Self.longestTurn
        send(&outgoing)
        metrics.noteTick(nanoseconds: context.clock.now() &- start)
        admitWaiting()
        if let deadline = shard.window.withLock({ $0.nextDeadline }) { wake(shard, at: deadline) }
    }

    private func wake(_ shard: WindowShard, at deadline: UInt64) {
        shard.wake(at: deadline) { [weak self, weak shard] in
            guard let self, let shard else { return }
            context.workers.run { self.tick(shard) }
        }
    }

    /// Downstream takes spans again.
    private func resume() {
        for shard in shards {
            if let deadline = shard.window.withLock({ $0.nextDeadline }) { wake(shard, at: deadline) }
        }
        admitWaiting()
    }

    private func closeWindows() {
        let dropsAll = config.dropsPendingOnShutdown
        for shard in shards {
            var departures = Departures()
            repeat {
                var outgoing = Outgoing(context.budget)
                departures = shard.window.withLock {
                    $0.close(now: context.clock.now(), limit: Self.tracesAtOnce, dropsAll: dropsAll)
                }
                handle(departures, &outgoing, droppedAs: dropsAll ? pendingAtShutdown : nil)
                send(&outgoing)
            } while departures.hasMore
        }
    }

    /// Books what a window let out.
    private func handle(_ departures: Departures, _ outgoing: inout Outgoing, droppedAs counter: Counter? = nil) {
        (counter ?? notSampled).add(departures.droppedSpans)
        metrics.note(departures)
        // Before the spans go on: whoever meets them downstream may ask, and those who may ask observe.
        if context.verdicts.isObserved {
            context.verdicts.record(departures.kept, .kept)
            context.verdicts.record(departures.dropped, .dropped)
        }
        if !departures.records.isEmpty { announce(departures.records) }
        outgoing.add(departures.bodies)
        if !departures.links.isEmpty { follow(departures.links) }
    }

    /// `linked`: what a kept trace links to is kept as well, if it is still undecided and the policy's budget allows.
    private func follow(_ links: [TraceID]) {
        for trace in links {
            let hash = hash(trace)
            shards[TraceHash.shard(hash, of: shards.count)].window.withLock { $0.markLinked(trace, hash: hash) }
        }
    }

    private func send(_ outgoing: inout Outgoing) {
        if let batch = outgoing.take() { outbox.send(batch) }
    }

    private func scheduleTrim() {
        context.clock.schedule(after: Self.trimInterval) { [weak self] in
            guard let self, !isStopped.load(ordering: .relaxed) else { return }
            for shard in shards { shard.window.withLock { $0.trim() } }
            scheduleTrim()
        }
    }
}
