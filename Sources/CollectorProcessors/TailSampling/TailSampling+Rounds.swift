import CollectorCore

// Rounds of decisions: what is due in all shards, on as many workers as there is use for.

extension TailSampling {
    /// Traces that are decided at once, in one lock hold.
    private static let tracesAtOnce = 64
    /// Nanoseconds that a shard decides before others have their turn.
    private static let longestTurn: UInt64 = 10_000_000

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
    func resume() {
        wakeForAll()
        admitWaiting()
    }

    /// Decides all that is held, or drops it.
    func closeWindows() {
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
}
