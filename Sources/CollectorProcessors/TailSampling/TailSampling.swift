// The shell around the windows: brings spans to their shard, wakes shards when decisions are due, and sends on what
// they let out. Locks are held for a few hundred traces at most, and never while another component is called.
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
    let outbox: Outbox
    let waitingRoom: WaitingRoom
    let metrics: TailSamplingMetrics
    let notSampled: Counter
    let pendingAtShutdown: Counter
    private let isStopped = Atomic<Bool>(false)

    /// Spans that one lock hold takes in.
    private static let spansAtOnce = 512
    private static let trimInterval = Duration.seconds(10)

    package init(_ config: TailSamplingConfig, _ context: ComponentContext, next: any Consumer) throws(ComponentError) {
        self.config = config
        self.context = context
        let plan = WindowPlan(config, budgetBytes: context.budget.limitBytes)
        let hash = TraceHash()
        self.hash = hash
        let chain = PolicyChain(
            policies: config.policies.map { $0.makePolicy() }, stopsAtFirstMatch: config.samplesOnFirstMatch)
        let shards = try plan.makeShards(context, hash, chain)
        self.shards = shards
        let room = RoomSignal()
        outbox = Outbox(context, next: next, limit: plan.outboxBytes) { room.announce() }
        let waitingRoom = WaitingRoom()
        self.waitingRoom = waitingRoom
        metrics = TailSamplingMetrics(
            context, policyNames: config.policies.map(\.name),
            traces: { shards.reduce(0) { $0 + $1.window.withLock { $0.table.count } } },
            bytes: { shards.reduce(0) { $0 + $1.window.withLock { $0.allowance.used } } })
        notSampled = context.account.dropped(context.id.description, "not sampled")
        pendingAtShutdown = context.account.dropped(context.id.description, "pending at shutdown")
        context.account.addHolder { [outbox] in
            shards.reduce(outbox.heldItems + waitingRoom.heldItems) {
                $0 + $1.window.withLock { $0.log.segments.liveSpans }
            }
        }
        context.verdicts.addSampler(decisionWait: config.decisionWait)
        room.listen { [weak self] in self?.resume() }
    }

    package func start() async throws(ComponentError) {
        scheduleTrim()
    }

    package func shutdown(deadline: UInt64) async {
        isStopped.store(true, ordering: .sequentiallyConsistent)
        for shard in shards { shard.cancelTimer() }
        for waiting in waitingRoom.takeAll() { take(waiting) }
        closeWindows()
        await outbox.close(deadline: deadline)
    }

    // MARK: Arrival

    package func admit(_ batch: Batch) throws(DeliveryError) -> any Admission {
        if isStopped.load(ordering: .relaxed) {
            throw .retryable("\(context.id) is shutting down; send to another collector, or again when it is back")
        }
        if outbox.isFull {
            throw .retryable(
                "\(context.id): the next component takes no kept spans at the moment; try again later",
                after: .seconds(1))
        }
        return ClosureAdmission { [self] in
            guard config.blocksOnOverflow, isFull(for: batch) else {
                arrive(batch)
                return .done()
            }
            return .pending(waitingRoom.enter(batch))
        }
    }

    private func take(_ waiting: WaitingRoom.Guest) {
        arrive(waiting.batch)
        waiting.completion.fulfil(.success(nil))
    }

    private func arrive(_ batch: Batch) {
        context.account.whileInside(batch.itemCount) {
            var outgoing = Outgoing(context.budget)
            for segment in batch.segments {
                guard case .traces(let index) = segment.index else { continue }
                arrive(Arrival(body: segment.body, index: index, hash: hash), &outgoing)
            }
            send(&outgoing)
        }
    }

    private func arrive(_ arrival: Arrival, _ outgoing: inout Outgoing) {
        var groups = ArrivalGroups(arrival, hash: hash)
        var late: [(span: UInt32, decision: Decision)] = []
        for (shard, positions) in zip(shards, arrival.positions(shards: shards.count)) {
            var rest = positions[...]
            while !rest.isEmpty {
                let part = rest.prefix(Self.spansAtOnce)
                rest = rest.dropFirst(Self.spansAtOnce)
                let (departures, deadline) = shard.window.withLock { window in
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

    /// Decides what is due in a shard and sends on what is kept, as one batch as far as that is of a sensible size.
    private func tick(_ shard: WindowShard) {
        guard !isStopped.load(ordering: .relaxed) else { return }
        shard.beginTick()
        // While downstream takes nothing, traces rest in the window; `resume` goes on.
        guard !outbox.isFull else { return }
        let start = context.clock.now()
        var outgoing = Outgoing(context.budget)
        var departures = Departures()
        repeat {
            departures = shard.window.withLock { $0.expire(now: context.clock.now(), limit: 256) }
            handle(departures, &outgoing)
            if outgoing.isLarge { send(&outgoing) }
        } while departures.hasMore && !outbox.isFull
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
                    $0.close(now: context.clock.now(), limit: 256, dropsAll: dropsAll)
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
        outgoing.add(departures.bodies)
    }

    private func send(_ outgoing: inout Outgoing) {
        if let batch = outgoing.take() { outbox.send(batch) }
    }

    // MARK: Waiting for room

    private func isFull(for batch: Batch) -> Bool {
        let (traces, bytes, limit) = shards.reduce((0, 0, 0)) { sum, shard in
            shard.window.withLock { window in
                (sum.0 + window.table.undecidedCount, sum.1 + window.allowance.used, sum.2 + window.allowance.limit)
            }
        }
        guard traces > 0 else { return false }
        return traces >= config.maximumTraces ?? .max || bytes + batch.byteCount > limit
    }

    private func admitWaiting() {
        while let guest = waitingRoom.leave(if: { !isFull(for: $0) }) { take(guest) }
    }

    private func scheduleTrim() {
        context.clock.schedule(after: Self.trimInterval) { [weak self] in
            guard let self, !isStopped.load(ordering: .relaxed) else { return }
            for shard in shards { shard.window.withLock { $0.trim() } }
            scheduleTrim()
        }
    }
}
