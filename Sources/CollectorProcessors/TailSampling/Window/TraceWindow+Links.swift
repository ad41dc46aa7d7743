// `linked`: a trace that no policy drops, or wants for certain, is held when its time is over while an undecided trace has a
// link to it, until that one is decided. So it does not matter which of the two came first, or whether both are due in the
// same moment; neither for the decision nor for the `th` of a trace that is kept by chance as well.

import OTLPWire

extension TraceWindow {
    /// Takes note of a link to a trace of this shard, whether that trace is here or not.
    /// - Parameter hash: of the target.
    mutating func note(_ link: TraceLink, hash: UInt64, now: UInt64) {
        guard let trace = table.find(link.target, hash: hash) else {
            noteAbsent(link, hash: hash, now: now)
            return
        }
        guard table[trace].place.isUndecided, !table[trace].features.isLinked else { return }
        switch link.linker {
        case .undecided: links.expect(hash, now: now, &decisionAllowance)
        case .kept:
            table[trace].features.isLinked = true
            links.remove(hash)
            release(trace, now: now)
        case .dropped:
            if links.release(hash) { release(trace, now: now) }
        }
    }

    private mutating func noteAbsent(_ link: TraceLink, hash: UInt64, now: UInt64) {
        switch link.linker {
        case .undecided where cache.find(hash) == nil: links.expect(hash, now: now, &decisionAllowance)
        case .kept where cache.find(hash) == nil: links.keep(hash, now: now, &decisionAllowance)
        case .dropped: _ = links.release(hash)
        case .undecided, .kept: break
        }
    }

    /// Decides a trace whose time has come, or holds it for one that has a link to it.
    mutating func decideOrHold(_ trace: UInt32, _ trigger: DecisionTrigger, now: UInt64) {
        if !links.isEmpty, isWorthHolding(trace, now: now) {
            table[trace].deadline = now &+ settings.decisionWait
            table.move(trace, to: .held)
        } else {
            decide(trace, trigger, now: now)
        }
    }

    private mutating func isWorthHolding(_ trace: UInt32, now: UInt64) -> Bool {
        let entry = table[trace]
        guard entry.place == .waiting || entry.place == .rooted, !entry.features.isLinked,
            let target = links.find(hash(entry.features.traceID), now: now), target.undecided > 0, !target.isWanted
        else { return false }
        return chain.dependsOnLinks(entry.features, at: now, &measured)
    }

    private mutating func release(_ trace: UInt32, now: UInt64) {
        guard table[trace].place == .held else { return }
        table[trace].deadline = now
        table.move(trace, to: .released)
    }

    /// Lets the features know of kept traces' links, and forgets those: the trace is decided now.
    mutating func takeLinks(_ features: inout TraceFeatures, now: UInt64) {
        guard !links.isEmpty else { return }
        let hash = hash(features.traceID)
        guard let target = links.find(hash, now: now) else { return }
        if target.isWanted { features.isLinked = true }
        links.remove(hash)
    }

    /// Whether spans of a trace have links that count.
    func hasLinks(_ entry: TraceEntry) -> Bool {
        guard let linkBit = chain.linkBit else { return false }
        return entry.features.matches[linkBit]
    }

    /// Tells of the links of a span that leaves the window.
    mutating func noteLinks(at position: UInt32, _ record: SpanRecord, _ entry: TraceEntry) {
        var found: [TraceLink] = []
        let linker: TraceLink.Linker = entry.decision.isKept ? .kept : .dropped
        SpanLinks.forEach(log.bytes, span: record.range(at: position), of: entry.features.traceID) {
            found.append(TraceLink(target: $0, linker: linker))
        }
        departures.links += found
    }

    /// The same for a span that follows its trace's decision without entering the window.
    mutating func noteLinks(of position: UInt32, _ arrival: Arrival, _ decision: Decision) {
        guard let linkBit = chain.linkBit, arrival.meets(linkBit, position) else { return }
        let span = arrival.index.spans[Int(position)]
        let bytes = arrival.body.readableBytesUInt8Span
        let linker: TraceLink.Linker = decision.isKept ? .kept : .dropped
        var found: [TraceLink] = []
        SpanLinks.forEach(bytes, span: span.range, of: span.traceID) {
            found.append(TraceLink(target: $0, linker: linker))
        }
        departures.links += found
    }
}
