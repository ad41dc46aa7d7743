import OTLPWire

extension TraceWindow {
    /// Takes spans of a request: stores those of undecided traces, lets the others follow their trace's verdict.
    ///
    /// - Parameter positions: which spans of the request; all belong to this shard.
    mutating func add(_ arrival: Arrival, _ groups: inout ArrivalGroups, _ positions: ArraySlice<UInt32>, now: UInt64)
        -> Departures
    {
        for position in positions { add(arrival, &groups, position, now: now) }
        return depart(now: now)
    }

    private mutating func add(_ arrival: Arrival, _ groups: inout ArrivalGroups, _ position: UInt32, now: UInt64) {
        let span = arrival.index.spans[Int(position)]
        let hash = arrival.hashes[Int(position)]
        // Making room may decide traces, this one too: look again after it. What is moved on that occasion may take the
        // room again, so that happens once.
        var mayMove = true
        while true {
            let known = table.find(span.traceID, hash: hash)
            if let known, table[known].place == .leaving {
                follow(table[known].decision, position)
                return
            }
            if known == nil, let (decision, decidedAt, record) = cache.find(hash) {
                departures.lateAges.append(now &- decidedAt)
                records.noteLateSpan(record, span.traceID)
                if decision.isKept { departures.lateKept += 1 } else { departures.lateDropped += 1 }
                follow(decision, position)
                return
            }
            if !log.hasRoom(for: sizeNeeded(span, arrival, groups)) {
                let hasRoom = makeRoom(for: sizeWithGroups(span, arrival), mayMove: mayMove, now: now)
                mayMove = false
                if hasRoom { continue }
                decideUnstored(span, arrival, position, known, now: now)
                return
            }
            if let known {
                store(position, arrival, &groups, in: known, now: now)
                return
            }
            let deadline = now &+ settings.decisionWait
            let features = TraceFeatures(traceID: span.traceID)
            if let trace = table.insert(features, hash: hash, now: now, deadline: deadline, &allowance) {
                departures.newTraces += 1
                store(position, arrival, &groups, in: trace, now: now)
                boundCount(now: now)
                return
            }
            if relieve(now: now) { continue }
            decideUnstored(span, arrival, position, nil, now: now)
            return
        }
    }

    /// Appends the span, for which there is room, to its trace.
    @inline(__always)
    private mutating func store(
        _ position: UInt32, _ arrival: Arrival, _ groups: inout ArrivalGroups, in trace: UInt32, now: UInt64
    ) {
        let span = arrival.index.spans[Int(position)]
        let bytes = arrival.body.readableBytesUInt8Span
        let group = groupPosition(Int(span.scope), arrival, &groups)
        var entry = table[trace]
        let segment = log.segments.newest
        entry.segment = entry.lastSpan == none || entry.segment == segment ? segment : none
        entry.lastSpan = log.append(bytes, span.range, trace: trace, previous: entry.lastSpan, group: group)
        arrival.note(position, in: &entry.features)
        table[trace] = entry
        if let limit = settings.maximumTraceBytes, entry.features.byteCount > limit {
            decide(trace, .tooLarge, now: now, as: .forced(.notSampled))
            return
        }
        if settings.decidesAtArrival, case let outcome = vote(on: entry.features, now: now),
            outcome.decision.policy != Decision.noPolicy, isFinal(outcome.decision)
        {
            decide(trace, .ingest, now: now, as: outcome)
            return
        }
        if let rootWait = settings.rootWait, entry.place == .waiting, !span.hasParent, now &+ rootWait < entry.deadline
        {
            table[trace].deadline = now &+ rootWait
            table.move(trace, to: .rooted)
        }
    }

    /// Whether nothing that comes later can change a decision of `span-ingest`, or the probability it has.
    private func isFinal(_ decision: Decision) -> Bool {
        if !decision.isKept { return true }
        let isCertain = decision.threshold == 0 && !decision.forgetsThreshold
        return !chain.drops && (isCertain || !chain.mixesChance)
    }

    /// `num_traces`: the trace that would be decided next anyway is decided now.
    private mutating func boundCount(now: UInt64) {
        guard let limit = settings.maximumTraces else { return }
        while table.undecidedCount > limit, let trace = table.nextToDecide { decide(trace, .overflow, now: now) }
    }

    /// A span of a decided trace goes the way of the others.
    private mutating func follow(_ decision: Decision, _ position: UInt32) {
        if decision.isKept { departures.late.append((position, decision)) } else { departures.droppedSpans += 1 }
    }

    /// A span too large to be held whatever else is decided: its trace is decided now, with this span.
    private mutating func decideUnstored(
        _ span: SpanEntry, _ arrival: Arrival, _ position: UInt32, _ known: UInt32?, now: UInt64
    ) {
        if let known {
            arrival.note(position, in: &table[known].features)
            // The features count a span now that no segment has.
            table[known].segment = none
            let outcome = promoted(vote(on: table[known].features, now: now), span.traceID)
            decide(known, .pressure, now: now, as: outcome)
            follow(outcome.decision, position)
            return
        }
        var features = TraceFeatures(traceID: span.traceID)
        arrival.note(position, in: &features)
        let outcome = promoted(vote(on: features, now: now), span.traceID)
        departures.newTraces += 1
        record(outcome, features, .pressure, now: now)
        follow(outcome.decision, position)
    }

    // MARK: Groups

    /// The bytes this span takes in the open segment.
    @inline(__always)
    private func sizeNeeded(_ span: SpanEntry, _ arrival: Arrival, _ groups: ArrivalGroups) -> Int {
        groups.scopes[Int(span.scope)].generation == log.generation
            ? SpanRecord.headerSize &+ span.range.count : sizeWithGroups(span, arrival)
    }

    /// The bytes this span takes in a segment that has nothing of its resource yet.
    private func sizeWithGroups(_ span: SpanEntry, _ arrival: Arrival) -> Int {
        let scope = arrival.index.scopes[Int(span.scope)]
        let resource = arrival.index.resources[Int(scope.parent)]
        return SpanRecord.headerSize &+ span.range.count &+ 2 &* GroupRecord.headerSize &+ scope.head.count
            &+ scope.tail.count &+ resource.head.count &+ resource.tail.count
    }

    /// Where the scope stands in the open segment; written there when it is new to it.
    @inline(__always)
    private mutating func groupPosition(_ scope: Int, _ arrival: Arrival, _ groups: inout ArrivalGroups) -> UInt32 {
        if groups.scopes[scope].generation == log.generation { return groups.scopes[scope].position }
        return writeGroups(scope, arrival, &groups)
    }

    private mutating func writeGroups(_ scope: Int, _ arrival: Arrival, _ groups: inout ArrivalGroups) -> UInt32 {
        let entry = arrival.index.scopes[scope]
        let parent = Int(entry.parent)
        let bytes = arrival.body.readableBytesUInt8Span
        if groups.resources[parent].generation != log.generation {
            let hash = groups.resources[parent].hash
            let resource = arrival.index.resources[parent]
            groups.resources[parent].position =
                log.group(hash, bytes, resource, resource: none)
                ?? log.appendGroup(hash, bytes, resource, resource: none)
            groups.resources[parent].generation = log.generation
        }
        let resource = groups.resources[parent].position
        let hash = groups.scopes[scope].hash
        let position =
            log.group(hash, bytes, entry, resource: resource) ?? log.appendGroup(hash, bytes, entry, resource: resource)
        groups.scopes[scope].position = position
        groups.scopes[scope].generation = log.generation
        return position
    }
}
