import CollectorCore

// `block_on_overflow`: requests pass one by one as the window has room. Whenever room may have come free — traces have
// left, or a request took less than was kept for it — those who wait are looked at again.

extension TailSampling {
    /// Takes a request in its turn.
    func arriveInTurn(_ batch: Batch) -> Acceptance {
        let demand = RoomDemand(batch, shards: shards.count, hash)
        switch waitingRoom.enter(batch, demand, if: hasRoom) {
        case .passes:
            arrive(batch)
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
            arrive(guest.batch)
            waitingRoom.release(guest.demand)
            guest.completion.fulfil(.success(nil))
        }
    }

    /// Takes in those who have waited, though traces are decided early for it: the windows close soon.
    func takeIn(_ guests: [WaitingRoom.Guest]) {
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
        guard traces < config.maximumTraces ?? .max else { return false }
        return fills.indices.allSatisfy { shard in
            demand.bytes[shard] == 0
                || !fills[shard].isTight
                    && fills[shard].occupiedBytes + passing.bytes[shard] + demand.bytes[shard] <= fills[shard].capacity
        }
    }
}
