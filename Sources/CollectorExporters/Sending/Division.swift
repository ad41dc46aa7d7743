import CollectorCore
import OTLPWire
import Synchronization

// How a refused batch is taken apart, so that one sender's poison costs no one else: by its segments, each of which is one
// request; and a segment that mixes senders by halves of its traces, until the refused ones are alone.

extension Batch {
    /// The parts to send on their own; empty when the batch is one sender's, or one trace.
    func divided() -> [Batch] {
        if segments.count > 1 { return segments.map { Batch(signal: signal, segments: [$0]) } }
        guard let segment = segments.first, segment.mixesSenders, case .traces(let index) = segment.index else {
            return []
        }
        let traces = traceIDs
        guard traces.count > 1 else { return [] }
        let half = Set(traces[..<(traces.count / 2)])
        return [true, false].map { isInHalf in
            var part = index
            part.spans = index.spans.filter { half.contains($0.traceID) == isInHalf }
            part.isWhole = false
            return Batch(signal: signal, segments: [segment.reindexed(part)])
        }
    }
}

/// How many requests the parts of one batch may cost: a backend that refuses everything is not asked about every trace.
final class DivisionBudget: Sendable {
    private let remaining = Atomic<Int>(64)

    /// Whether `count` more requests may be made.
    func take(_ count: Int) -> Bool {
        remaining.subtract(count, ordering: .relaxed).newValue >= 0
    }
}
