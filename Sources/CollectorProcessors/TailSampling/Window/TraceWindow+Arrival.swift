import OTLPWire

extension TraceWindow {
    /// Takes spans of a request: stores those of undecided traces, lets the others follow their trace's verdict.
    ///
    /// - Parameter positions: which spans of the request; all belong to this shard.
    mutating func add(_ arrival: Arrival, _ groups: inout ArrivalGroups, _ positions: ArraySlice<UInt32>, now: UInt64)
        -> Departures
    {
        for position in positions { touch(arrival.hash(of: position)) }
        var start = positions.startIndex
        while start < positions.endIndex {
            let end = arrival.endOfRun(positions, from: start)
            addRun(arrival, &groups, positions[start..<end], now: now)
            start = end
        }
        // What these few spans let out would take a copy of a large resource along: the next round lets out more at once.
        return groups.hasLarge ? takeDepartures(now: now) : depart(now: now)
    }

    /// Takes neighbours of one trace, which is looked for once: most senders have a trace's spans side by side.
    private mutating func addRun(
        _ arrival: Arrival, _ groups: inout ArrivalGroups, _ run: ArraySlice<UInt32>, now: UInt64
    ) {
        var rest = run
        // Making room may decide traces, this one too: look again after it. What is moved on that occasion may take the
        // room again, so that happens once for a span.
        var mayMove = true
        while let position = rest.first {
            let span = arrival.index.spans[Int(position)]
            let hash = arrival.hash(of: position)
            let known = table.find(span.traceID, hash: hash)
            if let known, table[known].place == .leaving {
                followLate(table[known].decision, rest, arrival, cache.find(hash), now: now)
                return
            }
            if known == nil, let remembered = cache.find(hash) {
                followLate(remembered.decision, rest, arrival, remembered, now: now)
                return
            }
            if !log.hasRoom(for: sizeNeeded(span, arrival, groups)) {
                let hasRoom = makeRoom(for: sizeWithGroups(span, arrival), mayMove: mayMove, now: now)
                mayMove = false
                if hasRoom { continue }
                decideUnstored(span, arrival, position, known, now: now)
            } else if let known {
                rest = rest.dropFirst(store(rest, arrival, &groups, in: known, now: now))
                mayMove = true
                continue
            } else if let trace = insert(span.traceID, hash: hash, now: now) {
                rest = rest.dropFirst(store(rest, arrival, &groups, in: trace, now: now))
                mayMove = true
                boundCount(now: now)
                continue
            } else if relieve(now: now) {
                continue
            } else {
                decideUnstored(span, arrival, position, nil, now: now)
            }
            rest = rest.dropFirst()
            mayMove = true
        }
    }

    /// A new trace; nil when there is no memory for it.
    private mutating func insert(_ id: TraceID, hash: UInt64, now: UInt64) -> UInt32? {
        let deadline = now &+ settings.decisionWait
        guard let trace = table.insert(TraceFeatures(traceID: id), hash: hash, now: now, deadline: deadline, &allowance)
        else { return nil }
        departures.newTraces += 1
        return trace
    }

    /// Appends spans to their trace, the first of which there is room for; returns how many. Those behind wait for more
    /// room, or for a look at what has been decided meanwhile.
    @inline(__always)
    private mutating func store(
        _ run: ArraySlice<UInt32>, _ arrival: Arrival, _ groups: inout ArrivalGroups, in trace: UInt32, now: UInt64
    ) -> Int {
        let bytes = arrival.body.readableBytesUInt8Span
        var entry = table[trace]
        var stored = 0
        var hasNewRoot = false
        for position in run {
            let span = arrival.index.spans[Int(position)]
            if stored > 0, !log.hasRoom(for: sizeNeeded(span, arrival, groups)) { break }
            let group = groupPosition(Int(span.scope), arrival, &groups)
            let segment = log.segments.newest
            entry.segment = entry.lastSpan == none || entry.segment == segment ? segment : none
            entry.lastSpan = log.append(bytes, span.range, trace: trace, previous: entry.lastSpan, group: group)
            arrival.note(position, bytes, in: &entry.features)
            stored &+= 1
            if !span.hasParent { hasNewRoot = true }
            if decidesEarly, case (let trigger, let outcome)? = earlyDecision(entry.features, now: now) {
                table[trace] = entry
                decide(trace, trigger, now: now, as: outcome)
                return stored
            }
        }
        table[trace] = entry
        if hasNewRoot, let rootWait = settings.rootWait, entry.place == .waiting, now &+ rootWait < entry.deadline {
            table[trace].deadline = now &+ rootWait
            table.move(trace, to: .rooted)
        }
        return stored
    }

    /// Whether a span may decide its trace on arrival.
    private var decidesEarly: Bool { settings.maximumTraceBytes != nil || settings.decidesAtArrival }

    /// What the latest span of a trace decides at once: that it is too large, or that a policy of `span-ingest` wants it.
    private mutating func earlyDecision(_ features: TraceFeatures, now: UInt64) -> (DecisionTrigger, Outcome)? {
        if let limit = settings.maximumTraceBytes, features.byteCount > limit {
            return (.tooLarge, .forced(.notSampled))
        }
        guard settings.decidesAtArrival else { return nil }
        return finalVote(on: features, now: now).map { (.ingest, $0) }
    }

    /// `span-ingest`: the decision with a new span, nil if a later one may change it. Votes count only with a decision,
    /// once for each trace, however many spans it has.
    private mutating func finalVote(on features: TraceFeatures, now: UInt64) -> Outcome? {
        let decision = chain.decide(features, at: now, &measured, &trial)
        let isDecided = decision.policy != Decision.noPolicy && isFinal(decision)
        tally.add(&trial, countsVotes: isDecided)
        return isDecided ? .voted(decision) : nil
    }

    /// Whether nothing that comes later can change a decision of `span-ingest`, or the probability it has.
    private func isFinal(_ decision: Decision) -> Bool {
        if !decision.isKept { return true }
        let isCertain = decision.threshold == 0 && !decision.forgetsThreshold
        return !chain.drops && (isCertain || !chain.mixesChance)
    }

    /// `num_traces`: the trace that would be decided next anyway is decided now.
    mutating func boundCount(now: UInt64) {
        guard boundsCount, let limit = settings.maximumTraces else { return }
        while table.undecidedCount > limit, let trace = table.nextToGiveWay { decide(trace, .overflow, now: now) }
    }

    /// A span of a decided trace goes the way of the others.
    private mutating func follow(_ decision: Decision, _ position: UInt32, _ arrival: Arrival) {
        if decision.isKept { departures.late.append((position, decision)) } else { departures.droppedSpans += 1 }
        noteLinks(of: position, arrival, decision)
    }

    /// The same for spans that come when their trace has been decided. They go on at once, also while others of the
    /// trace are still on their way out: a sender who does not stop would keep the trace in the window for ever.
    /// - Parameter remembered: the decision as the cache has it, if it does.
    private mutating func followLate(
        _ decision: Decision, _ run: ArraySlice<UInt32>, _ arrival: Arrival, _ remembered: DecisionCache.Remembered?,
        now: UInt64
    ) {
        for position in run {
            departures.lateAges.append(remembered.map { now &- $0.decidedAt } ?? 0)
            if let remembered { records.noteLateSpan(remembered.record, arrival.index.spans[Int(position)].traceID) }
            if decision.isKept { departures.lateKept += 1 } else { departures.lateDropped += 1 }
            follow(decision, position, arrival)
        }
    }

    /// A span too large to be held whatever else is decided: its trace is decided now, with this span.
    private mutating func decideUnstored(
        _ span: SpanEntry, _ arrival: Arrival, _ position: UInt32, _ known: UInt32?, now: UInt64
    ) {
        let bytes = arrival.body.readableBytesUInt8Span
        departures.isStarved = true
        if let known {
            arrival.note(position, bytes, in: &table[known].features)
            // The features count a span now that no segment has.
            table[known].segment = none
            var features = table[known].features
            takeLinks(&features, now: now)
            table[known].features = features
            let outcome = promoted(vote(on: features, now: now), span.traceID)
            decide(known, .pressure, now: now, as: outcome)
            follow(outcome.decision, position, arrival)
            return
        }
        var features = TraceFeatures(traceID: span.traceID)
        arrival.note(position, bytes, in: &features)
        takeLinks(&features, now: now)
        let outcome = promoted(vote(on: features, now: now), span.traceID)
        departures.newTraces += 1
        record(outcome, features, .pressure, now: now)
        follow(outcome.decision, position, arrival)
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
