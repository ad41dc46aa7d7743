import NIOCore
import OTLPWire

extension TraceWindow {
    /// A kept trace of more bytes than this leaves in several bodies.
    private static let bytesOfOneBody = 2 << 20

    /// Lets spans of decided traces out, oldest decision first: kept ones are written into one body, dropped ones
    /// forgotten.
    ///
    /// Spans are linked backwards. A trace that leaves in one step is turned around as it is written; a longer one has its
    /// links turned first, a step at a time, so that its bodies too are in the order in which the spans came.
    mutating func drain() {
        var release = Release()
        var steps = 0
        drain(into: &release, &steps)
        finish(release)
    }

    /// Adds what one lock hold lets out.
    mutating func drain(into release: inout Release, _ steps: inout Int) {
        while steps < release.hold.steps, release.byteCount < release.hold.bytes, let trace = table.nextToLeave {
            let entry = table[trace]
            let limit = release.hold.steps - steps
            if !entry.decision.isKept {
                steps += drop(trace, entry, limit: limit)
            } else if !entry.isTurned, isLong(entry) {
                steps += turn(trace, entry, limit: limit)
            } else {
                steps += keep(trace, entry, &release, limit: limit)
            }
        }
    }

    /// Writes the spans and gives their places in the log up.
    mutating func finish(_ release: Release) {
        guard !release.spans.isEmpty else { return }
        departures.bodies.append(release.write(log))
        for span in release.spans { log.retire(span.position, span.record) }
    }

    /// About how many steps it takes to let a decided trace out.
    func stepsToLeave(_ entry: TraceEntry) -> Int {
        !entry.decision.isKept && entry.segment != none ? 1 : Int(entry.features.spanCount)
    }

    private func isLong(_ entry: TraceEntry) -> Bool {
        entry.features.spanCount > UInt32(Release.stepsAtOnce) || entry.features.byteCount > UInt64(Self.bytesOfOneBody)
    }

    /// Forgets spans of a dropped trace; returns how many steps that took.
    private mutating func drop(_ trace: UInt32, _ entry: TraceEntry, limit: Int) -> Int {
        let hasLinks = hasLinks(entry)
        if entry.segment != none, !hasLinks {
            forget(trace, entry)
            return 1
        }
        var steps = 0
        var position = entry.lastSpan
        while position != none, steps < limit {
            let record = log.record(at: position)
            if hasLinks { noteLinks(at: position, record, entry) }
            log.retire(position, record)
            steps += 1
            position = record.previous
        }
        departures.droppedSpans += steps
        finish(trace, entry, rest: position)
        return steps
    }

    /// Turns links of a long trace, so that each span leads to the one after it.
    private mutating func turn(_ trace: UInt32, _ entry: TraceEntry, limit: Int) -> Int {
        var entry = entry
        var steps = 0
        while entry.lastSpan != none, steps < limit {
            let previous = log.record(at: entry.lastSpan).previous
            log.setPrevious(entry.turned, at: entry.lastSpan)
            entry.turned = entry.lastSpan
            entry.lastSpan = previous
            steps += 1
        }
        if entry.lastSpan == none {
            entry.lastSpan = entry.turned
            entry.isTurned = true
        }
        table[trace] = entry
        return max(1, steps)
    }

    /// Adds spans of a kept trace to what leaves: all of a short one, some of a long one.
    private mutating func keep(_ trace: UInt32, _ entry: TraceEntry, _ release: inout Release, limit: Int) -> Int {
        let start = release.spans.count
        var position = entry.lastSpan
        var steps = 0
        while position != none, !entry.isTurned || (steps < limit && release.byteCount < release.hold.bytes) {
            let record = log.record(at: position)
            release.add(position, record, log)
            steps += 1
            position = record.previous
        }
        if hasLinks(entry) {
            for span in release.spans[start...] { noteLinks(at: span.position, span.record, entry) }
        }
        release.finishTrace(from: start, entry.decision, isTurned: entry.isTurned)
        finish(trace, entry, rest: position)
        return steps
    }

    /// Removes the trace when nothing of it is left.
    private mutating func finish(_ trace: UInt32, _ entry: TraceEntry, rest position: UInt32) {
        if position == none {
            table.remove(trace, hash: hash(entry.features.traceID))
        } else {
            table[trace].lastSpan = position
        }
    }

    /// Drops a trace whose spans are all in one segment, without a look at them.
    private mutating func forget(_ trace: UInt32, _ entry: TraceEntry) {
        let spans = Int(entry.features.spanCount)
        log.retire(spans: spans, bytes: Int(entry.features.byteCount), in: Int(entry.segment))
        departures.droppedSpans += spans
        table.remove(trace, hash: hash(entry.features.traceID))
    }
}
