import OTLPWire

/// A bounded memory of traces whose exemplars were shown.
struct RecentTraces: Sendable {
    private static let perGeneration = 50_000
    private var young: Set<TraceID> = []
    private var old: Set<TraceID> = []

    mutating func insert(_ trace: TraceID) {
        if young.count >= Self.perGeneration {
            old = young
            young = []
        }
        young.insert(trace)
    }

    /// Whether the trace was remembered; it is not any more.
    mutating func remove(_ trace: TraceID) -> Bool {
        let wasYoung = young.remove(trace) != nil
        return old.remove(trace) != nil || wasYoung
    }
}
