package import OTLPWire

extension Batch {
    /// The ids of the traces in a traces batch, each once; none for other signals.
    package var traceIDs: [TraceID] {
        var known: Set<TraceID> = []
        for segment in segments {
            if case .traces(let index) = segment.index { for span in index.spans { known.insert(span.traceID) } }
        }
        return Array(known)
    }
}
