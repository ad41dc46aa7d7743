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
    private let timer: DecisionTimer
    /// Asked once: the answer is read from files.
    private let coreCount = System.coreCount
    let metrics: TailSamplingMetrics
    let notSampled: Counter
    let pendingAtShutdown: Counter
    /// From the clock's time to the time of day, found once so that a decision's time is always told alike.
    let wallTimeOffset: UInt64
    /// Whether memory is being given back.
    let isRelieving = Atomic<Bool>(false)
    let isStopped = Atomic<Bool>(false)

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
        let hash = TraceHash(context.hashKeys)
        self.hash = hash
        var builder = PolicyBuilder()
        let chain = PolicyChain(config.policies, stopsAtFirstMatch: config.samplesOnFirstMatch, &builder)
        self.chain = chain
        facts = SpanFacts(builder, context.hashKeys)
        let plan = WindowPlan(
            config, slotCount: chain.slotCount, followsLinks: chain.linkBit != nil,
            usualBytes: context.budget.usualClaim)
        if let deviation = plan.deviation { context.log.warn(deviation) }
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
            keys: { [registry = builder.keyRegistry] in registry.count })
        notSampled = context.account.dropped(context.id.description, "not sampled")
        pendingAtShutdown = context.account.dropped(context.id.description, "pending at shutdown")
        context.account.addHolder { [outbox] in
            shards.reduce(outbox.heldItems + waitingRoom.heldItems) {
                $0 + $1.window.withLock { $0.log.segments.liveSpans }
            }
        }
        // A trace that is held for one with a link to it is decided after twice the wait at the latest.
        context.verdicts.addSampler(decisionWait: chain.linkBit == nil ? config.decisionWait : config.decisionWait * 2)
        context.decisions.register(self)
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
                let arrival = Arrival(
                    body: body, index: current, hash: hash, facts: facts, now: context.clock.now())
                announceLinks(arrival)
                arrive(arrival, &outgoing)
            }
            send(&outgoing)
        }
    }

    private func arrive(_ arrival: Arrival, _ outgoing: inout Outgoing) {
        var groups = ArrivalGroups(arrival, hash: hash)
        var rest = arrival.positions(shards: shards.count).map { $0[...] }
        var late: [(span: UInt32, decision: Decision)] = []
        var left = rest.indices.filter { !rest[$0].isEmpty }
        while !left.isEmpty {
            // Whichever shard is free comes first: two requests at a time do not stand behind each other.
            var entered: (place: Int, departures: Departures)?
            for (place, shard) in left.enumerated() where entered == nil {
                entered = enter(shard, waits: false, arrival, &groups, rest[shard]).map { (place, $0) }
            }
            if entered == nil {
                entered = enter(left[0], waits: true, arrival, &groups, rest[left[0]]).map { (0, $0) }
            }
            guard let (place, departures) = entered else { continue }
            let shard = left[place]
            rest[shard] = rest[shard].dropFirst(Self.spansAtOnce)
            if rest[shard].isEmpty { left.remove(at: place) }
            late += departures.late
            handle(departures, &outgoing)
            if departures.isStarved { context.budget.noteShortage() }
        }
        outgoing.add(late, of: arrival)
    }

    /// Brings the next few of `positions` into a shard; nil when others have its lock and this one does not wait.
    private func enter(
        _ shard: Int, waits: Bool, _ arrival: Arrival, _ groups: inout ArrivalGroups, _ positions: ArraySlice<UInt32>
    ) -> Departures? {
        let part = positions.prefix(Self.spansAtOnce)
        let isObserved = context.decisions.isObserved
        func add(_ window: inout TraceWindow) -> (Departures, UInt64?) {
            window.isObserved = isObserved
            let departures = window.add(arrival, &groups, part, now: context.clock.now())
            return (departures, window.nextDeadline)
        }
        let entered =
            waits
            ? shards[shard].window.withLock { add(&$0) } : shards[shard].window.withLockIfAvailable { add(&$0) }
        guard let (departures, deadline) = entered else { return nil }
        if let deadline { wake(at: deadline) }
        return departures
    }

    // MARK: Departure

    /// Decides what is due in all shards; what is kept leaves as one batch, as far as that is of a sensible size.
    private func beginRound() {
        timer.beginRound()
        let round = DecisionRound(shards, cores: coreCount)
        for _ in 1..<round.deciders { context.workers.run { self.work(on: round) } }
        work(on: round)
    }

    private func work(on round: DecisionRound<WindowShard>) {
        let start = context.clock.now()
        var outgoing = Outgoing(context.budget)
        while let shard = round.next() { decide(shard, &outgoing) }
        send(&outgoing)
        metrics.noteTick(nanoseconds: context.clock.now() &- start)
        guard round.end() else { return }
        timer.endRound()
        admitWaiting()
        wakeForAll()
    }

    /// Decides what is due in a shard, for a while.
    private func decide(_ shard: WindowShard, _ outgoing: inout Outgoing) {
        guard !isStopped.load(ordering: .relaxed) else { return }
        let start = context.clock.now()
        var hasMore = true
        // While downstream takes nothing, traces rest in the window; `resume` goes on.
        while hasMore, !outbox.isFull, context.clock.now() &- start < Self.longestTurn {
            let departures = shard.window.withLock { $0.expire(now: context.clock.now(), limit: Self.tracesAtOnce) }
            handle(departures, &outgoing)
            if outgoing.isLarge { send(&outgoing) }
            hasMore = departures.hasMore
        }
    }

    func wake(at deadline: UInt64) {
        timer.wake(at: deadline) { [weak self] in
            guard let self else { return }
            context.workers.run { self.beginRound() }
        }
    }

    private func wakeForAll() {
        guard !outbox.isFull else { return }
        for shard in shards {
            if let deadline = shard.window.withLock({ $0.nextDeadline }) { wake(at: deadline) }
        }
    }

    /// Downstream takes spans again.
    private func resume() {
        wakeForAll()
        admitWaiting()
    }

    private func closeWindows() {
        if chain.linkBit != nil, !config.dropsPendingOnShutdown {
            // As long as some are decided, others that were held for them may follow.
            repeat {
                closeWindows(holds: true)
            } while shards.contains { $0.window.withLock { $0.table.nextNotHeld != nil } }
        }
        closeWindows(holds: false)
    }

    private func closeWindows(holds: Bool) {
        let dropsAll = config.dropsPendingOnShutdown
        for shard in shards {
            var departures = Departures()
            repeat {
                var outgoing = Outgoing(context.budget)
                departures = shard.window.withLock {
                    $0.close(now: context.clock.now(), limit: Self.tracesAtOnce, dropsAll: dropsAll, holds: holds)
                }
                handle(departures, &outgoing, droppedAs: dropsAll ? pendingAtShutdown : nil)
                send(&outgoing)
            } while departures.hasMore
        }
    }

    /// Books what a window let out.
    func handle(_ departures: Departures, _ outgoing: inout Outgoing, droppedAs counter: Counter? = nil) {
        (counter ?? notSampled).add(departures.droppedSpans)
        metrics.note(departures)
        // Before the spans go on: whoever meets them downstream may ask, and those who may ask observe.
        if context.verdicts.isObserved {
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
            scheduleTrim()
        }
    }
}
