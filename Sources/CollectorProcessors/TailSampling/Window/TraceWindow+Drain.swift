import NIOCore
import OTLPWire

extension TraceWindow {
    /// Spans and bytes that leave in one step: what a lock is held for.
    private static let spansAtOnce = 4096
    private static let bytesAtOnce = 2 << 20

    /// Lets spans of decided traces out, oldest decision first: kept ones are written into one body, dropped ones
    /// forgotten.
    mutating func drain() {
        var release = Release()
        var spans = 0
        while spans < Self.spansAtOnce, release.byteCount < Self.bytesAtOnce, let trace = table.nextToLeave {
            let entry = table[trace]
            if !entry.decision.isKept, entry.segment != none {
                forget(trace, entry)
                spans += 1
                continue
            }
            let start = release.spans.count
            var position = entry.lastSpan
            while position != none, spans < Self.spansAtOnce, release.byteCount < Self.bytesAtOnce {
                let record = log.record(at: position)
                if entry.decision.isKept {
                    release.add(position, record)
                } else {
                    log.retire(position, record)
                    departures.droppedSpans += 1
                }
                spans += 1
                position = record.previous
            }
            release.finishTrace(from: start, entry.decision)
            if position == none {
                table.remove(trace, hash: hash(entry.features.traceID))
            } else {
                table[trace].lastSpan = position
            }
        }
        guard !release.spans.isEmpty else { return }
        departures.bodies.append(release.write(log))
        for span in release.spans { log.retire(span.position, span.record) }
    }

    /// Drops a trace whose spans are all in one segment, without a look at them.
    private mutating func forget(_ trace: UInt32, _ entry: TraceEntry) {
        let spans = Int(entry.features.spanCount)
        log.retire(spans: spans, bytes: Int(entry.features.byteCount), in: Int(entry.segment))
        departures.droppedSpans += spans
        table.remove(trace, hash: hash(entry.features.traceID))
    }
}
