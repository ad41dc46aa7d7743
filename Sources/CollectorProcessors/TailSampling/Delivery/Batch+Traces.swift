import CollectorCore
import OTLPWire

extension Batch {
    /// One batch for each trace, over the same bytes.
    func splitByTrace() -> [Batch] {
        var parts: [TraceID: [Segment]] = [:]
        for segment in segments {
            guard case .traces(let index) = segment.index else { continue }
            for (trace, spans) in Dictionary(grouping: index.spans, by: \.traceID) {
                var part = index
                part.spans = spans
                part.isWhole = index.isWhole && spans.count == index.spans.count
                parts[trace, default: []].append(segment.reindexed(part))
            }
        }
        return parts.values.map { Batch(signal: signal, segments: $0) }
    }
}
