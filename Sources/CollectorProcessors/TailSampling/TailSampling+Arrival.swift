package import CollectorCore
import NIOCore
import OTLPWire

// From a request to the shards of its traces.

extension TailSampling {
    /// Spans that one lock hold takes in at most.
    private static let spansAtOnce = 512
    /// Spans that follow earlier decisions and leave in one body at most, or a few more.
    private static let lateAtOnce = 1 << 18

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
                arrive(body, current, &outgoing)
            }
            send(&outgoing)
        }
    }

    private func arrive(_ body: ByteBuffer, _ index: TraceIndex, _ outgoing: inout Outgoing) {
        let bytes = body.readableBytesUInt8Span
        let request = RequestFacts(facts, bytes, index, now: context.clock.now())
        var groups = ArrivalGroups(bytes, index, hash: hash)
        var late: [(span: UInt32, decision: Decision)] = []
        for start in stride(from: 0, to: index.spans.count, by: Arrival.spansAtOnce) {
            let range = start..<min(index.spans.count, start + Arrival.spansAtOnce)
            let arrival = Arrival(
                body: body, index: index, range, hash: hash, facts: facts, request, now: context.clock.now())
            announceLinks(arrival)
            arrive(arrival, &groups, &late, &outgoing)
            // Many at once: each time the resources are copied.
            if late.count >= Self.lateAtOnce {
                outgoing.add(late, of: body, index)
                late = []
            }
        }
        outgoing.add(late, of: body, index)
    }

    private func arrive(
        _ arrival: Arrival, _ groups: inout ArrivalGroups, _ late: inout [(span: UInt32, decision: Decision)],
        _ outgoing: inout Outgoing
    ) {
        var rest = arrival.positions(shards: shards.count).map { $0[...] }
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
            if outgoing.isLarge { send(&outgoing) }
            if departures.isStarved { context.budget.noteShortage() }
        }
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
}
