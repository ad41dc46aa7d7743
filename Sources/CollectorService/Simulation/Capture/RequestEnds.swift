import OTLPWire

/// When the spans of a request ended, as far as they say. Clocks may be wrong, of single spans too.
struct RequestEnds {
    /// Of all spans; 0 when none says.
    let latest: UInt64
    /// The latest that others lead up to: from the median to it there is no gap of more than a minute.
    let settled: UInt64
    /// All of them in order; empty when they are so close together that the request is one moment.
    private let ordered: [UInt64]

    init(of spans: [SpanEntry]) {
        self.init(spans.map(\.endNanoseconds))
    }

    init(_ ends: [UInt64]) {
        let known = ends.filter { $0 > 0 }
        let latest = known.max() ?? 0
        self.latest = latest
        guard let earliest = known.min(), latest - earliest > ArrivalTime.tolerance else {
            settled = latest
            ordered = []
            return
        }
        ordered = known.sorted()
        var settled = ordered[(ordered.count - 1) / 2]
        for end in ordered[(ordered.count / 2)...] {
            guard end - settled <= ArrivalTime.minute else { break }
            settled = end
        }
        self.settled = settled
    }

    /// The latest end that is not after `bound`.
    func latest(upTo bound: UInt64) -> UInt64? {
        if latest <= bound { return latest > 0 ? latest : nil }
        return ordered.last { $0 <= bound }
    }
}
