import CollectorCore

// `block_on_overflow`: requests pass one by one as the window has room. Whenever room may have come free — traces have
// left, or a request took less than was kept for it — those who wait are looked at again.
//
// `num_traces` is one bound for all shards then, which no shard knows of: a trace in the one leaves less room in the
// others. Only for a request that is larger than the bound by itself, and at shutdown, each shard decides early for its
// share of it.

extension TailSampling {
    /// Takes a request in its turn.
    func arriveInTurn(_ batch: Batch) -> Acceptance {
        let demand = RoomDemand(batch, shards: shards.count, hash)
        switch waitingRoom.enter(batch, demand, if: hasRoom) {
        case .passes:
            arrive(batch, demand)
            waitingRoom.release(demand)
            admitWaiting()
            return .done()
        case .waits(let completion):
            return .pending(completion)
        case .closed:
            let refused = Completion()
            refused.fulfil(.failure(shuttingDown))
            return .pending(refused)
        }
    }

    /// Takes in those who wait, as far as there is room.
    func admitWaiting() {
        guard config.blocksOnOverflow else { return }
        while let guest = waitingRoom.leave(if: hasRoom) {
            arrive(guest.batch, guest.demand)
            waitingRoom.release(guest.demand)
            guest.completion.fulfil(.success(nil))
        }
    }

    /// Brings a request that has passed into the windows. One of more traces than there may be finds them empty, and
    /// nobody else passes meanwhile.
    private func arrive(_ batch: Batch, _ demand: RoomDemand) {
        guard demand.traces > config.maximumTraces ?? .max else { return arrive(batch) }
        boundCounts()
        arrive(batch)
        unboundCounts()
        // A shutdown that began meanwhile wants them bounded.
        if !waitingRoom.isGuarded { boundCounts() }
    }

    /// From now on windows let requests in without limit: the waiting room knows how many traces there may be.
    func unboundCounts() {
        for shard in shards { shard.window.withLock { $0.boundsCount = false } }
    }

    /// From now on each shard decides early for its share of `num_traces`, beginning with what it has beyond that.
    private func boundCounts() {
        for shard in shards {
            var outgoing = Outgoing(context.budget)
            let (departures, deadline) = shard.window.withLock { window in
                window.boundsCount = true
                window.boundCount(now: context.clock.now())
                return (window.depart(now: context.clock.now()), window.nextDeadline)
            }
            handle(departures, &outgoing)
            send(&outgoing)
            if let deadline { wake(at: deadline) }
        }
    }

    /// Takes in those who have waited, though traces are decided early for it: the windows close soon.
    func takeIn(_ guests: [WaitingRoom.Guest]) {
        if config.blocksOnOverflow { boundCounts() }
        for guest in guests {
            arrive(guest.batch)
            guest.completion.fulfil(.success(nil))
        }
    }

    /// Whether the window takes a request without deciding traces early. An empty one takes whatever there is: it will
    /// not get emptier.
    private func hasRoom(for demand: RoomDemand, beside passing: RoomDemand) -> Bool {
        let fills = shards.map { shard in
            shard.window.withLock { window in
                let fill = window.fill
                guard fill.isTight else { return fill }
                // The first call sees what is empty, the second gives it back.
                window.trim(now: context.clock.now())
                window.trim(now: context.clock.now())
                return window.fill
            }
        }
        let traces = fills.reduce(0) { $0 + $1.undecidedTraces } + passing.traces
        if traces == 0, passing.requests == 0 { return true }
        guard hasRoom(forTracesOf: demand, beside: traces) else { return false }
        return fills.indices.allSatisfy { shard in
            demand.bytes[shard] == 0
                || !fills[shard].isTight
                    && fills[shard].occupiedBytes + passing.bytes[shard] + demand.bytes[shard] <= fills[shard].capacity
        }
    }

    /// Whether no more than `num_traces` are undecided with a request; spans of known traces take no room for another.
    private func hasRoom(forTracesOf demand: RoomDemand, beside traces: Int) -> Bool {
        guard let limit = config.maximumTraces, traces + demand.traces > limit else { return true }
        guard demand.traces <= limit else { return false }
        var room = limit - traces
        for (shard, ids) in zip(shards, demand.traceIDs) {
            var rest = ids[...]
            // A few at a time, and not those behind what is too many: this is asked again whenever some have left.
            while !rest.isEmpty, room >= 0 {
                room -= shard.window.withLock { $0.unknownCount(of: rest.prefix(Self.idsAtOnce)) }
                rest = rest.dropFirst(Self.idsAtOnce)
            }
        }
        return room >= 0
    }

    /// Trace ids that one lock hold looks up at most.
    private static let idsAtOnce = 512
}
