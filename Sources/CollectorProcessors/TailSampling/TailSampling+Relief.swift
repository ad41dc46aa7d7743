import CollectorCore

// Memory that others need: the window stops growing below the soft limit and decides early then (`MemoryAllowance`). When
// senders are refused all the same, because queues are full, other windows hold much, or bodies come many at a time, the
// oldest traces are decided and their memory is given back, until requests find room again.

extension TailSampling {
    /// Gives memory back on a worker, if nobody does so already.
    func relieveSoon() {
        guard !isRelieving.exchange(true, ordering: .acquiringAndReleasing) else { return }
        // Whoever calls may have locks; a timer's thread has none.
        context.clock.schedule(at: context.clock.now()) { [weak self] in
            guard let self else { return }
            context.workers.run {
                self.relieve()
                self.isRelieving.store(false, ordering: .releasing)
            }
        }
    }

    private func relieve() {
        var outgoing = Outgoing(context.budget)
        var left = shards[...]
        // What is kept waits downstream: where there is no room deciding frees nothing.
        while !left.isEmpty, context.budget.usedBytes > context.budget.reliefTarget, !outbox.isFull,
            !isStopped.load(ordering: .relaxed)
        {
            left =
                left.filter { shard in
                    guard let departures = shard.window.withLock({ $0.shed(now: context.clock.now()) }) else {
                        return false
                    }
                    handle(departures, &outgoing)
                    return true
                }[...]
            if outgoing.isLarge { send(&outgoing) }
        }
        send(&outgoing)
        admitWaiting()
    }
}
