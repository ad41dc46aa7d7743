import CollectorCore
import OTLPWire

/// The counts of one histogram point and what they count from.
struct BucketCounts: Sendable {
    var bounds: [Double]
    var counts: [UInt64]
    var startNanoseconds: UInt64
    var timeNanoseconds: UInt64
    var isDelta: Bool
}

/// An explicit-bucket series as far as exemplars need it.
struct TrackedSeries: Sendable {
    let resource: AttributeSetHash
    let subject: SpanSubject
    /// Nil when spans do not measure what this series does.
    let nanosecondsPerUnit: Double?
    let attributes: [HashedAttribute]
    private(set) var bounds: [Double] = []
    /// The value of the configured percentile among what was counted since the point before.
    private(set) var threshold: Double?
    private var last: BucketCounts?
    /// Exemplars by bucket for the next point.
    private(set) var ready: [Int: ReadyExemplar] = [:]
    private var offeredAt: [Int: UInt64] = [:]
    /// Buckets whose exemplar was dropped with its trace and that have no other one yet.
    private var wanting: Set<Int> = []
    var seenAt: UInt64 = 0

    /// A bucket gets no more exemplars of spans than one in this time: scrapes are further apart.
    private static let offerInterval: UInt64 = 1_000_000_000

    init(
        resource: AttributeSetHash, subject: SpanSubject, nanosecondsPerUnit: Double?, attributes: [HashedAttribute]
    ) {
        self.resource = resource
        self.subject = subject
        self.nanosecondsPerUnit = nanosecondsPerUnit
        self.attributes = attributes
    }

    /// Learns from a point what the series' distribution was since the point before.
    mutating func learn(_ point: BucketCounts, percentile: Double?) {
        if point.bounds != bounds {
            // What is filed by bucket means something else now.
            bounds = point.bounds
            ready = [:]
            offeredAt = [:]
            wanting = []
            last = nil
            threshold = nil
        }
        if let percentile {
            let counts = countsSinceLast(point)
            threshold = percentileValue(percentile / 100, counts: counts, bounds: bounds) ?? threshold
        }
        last = point
    }

    /// All counts of a delta point, of the first one and after a reset.
    private func countsSinceLast(_ point: BucketCounts) -> [UInt64] {
        guard !point.isDelta, let last, !last.isDelta, last.startNanoseconds == point.startNanoseconds,
            last.counts.count == point.counts.count, zip(last.counts, point.counts).allSatisfy({ $0 <= $1 })
        else { return point.counts }
        return zip(last.counts, point.counts).map { $1 - $0 }
    }

    /// The bucket with lower < value ≤ bound (conformance 152); nil for NaN, which none holds.
    func bucket(of value: Double) -> Int? {
        guard !value.isNaN else { return nil }
        var low = 0
        var high = bounds.count
        while low < high {
            let middle = (low + high) / 2
            if value <= bounds[middle] { high = middle } else { low = middle + 1 }
        }
        return low
    }

    /// Whether the filter lets a value pass. Without a known distribution nothing does.
    func passes(_ value: Double, percentile: Double?) -> Bool {
        guard percentile != nil else { return true }
        guard let threshold else { return false }
        return value >= threshold
    }

    /// Whether every attribute that the span also has is equal.
    func matches(_ spanAttributes: [UInt64: UInt64]) -> Bool {
        attributes.allSatisfy { attribute in (spanAttributes[attribute.key] ?? attribute.value) == attribute.value }
    }

    /// Whether a bucket may be offered another span's exemplar already.
    func isDue(_ bucket: Int, now: UInt64) -> Bool {
        guard let last = offeredAt[bucket] else { return true }
        return now &- last >= Self.offerInterval
    }

    /// Files an exemplar for the next point; true when it replaces one whose trace was dropped.
    mutating func publish(_ exemplar: ReadyExemplar, bucket: Int, now: UInt64) -> Bool {
        offeredAt[bucket] = now
        let filedTime = ready[bucket]?.exemplar.timeNanoseconds ?? 0
        guard filedTime <= exemplar.exemplar.timeNanoseconds else { return false }
        ready[bucket] = exemplar
        return wanting.remove(bucket) != nil
    }

    /// Notes that a bucket's exemplar went with its trace; true when another one is filed already.
    mutating func lose(_ bucket: Int) -> Bool {
        if ready[bucket] != nil { return true }
        wanting.insert(bucket)
        return false
    }

    /// The filed exemplars that lie in the point's time (conformance 163).
    func attachable(to point: BucketCounts) -> [(bucket: Int, exemplar: ReadyExemplar)] {
        ready.filter { entry in
            let time = entry.value.exemplar.timeNanoseconds
            return time <= point.timeNanoseconds && (point.startNanoseconds == 0 || time > point.startNanoseconds)
        }
        .sorted { $0.key < $1.key }
        .map { (bucket: $0.key, exemplar: $0.value) }
    }

    /// Forgets a filed exemplar that was written into a point.
    mutating func attached(_ exemplar: ReadyExemplar, bucket: Int) {
        if ready[bucket] == exemplar { ready[bucket] = nil }
    }

    /// Takes back the exemplars of traces; their buckets are open to the next candidate at once.
    mutating func withdraw(_ traces: Set<TraceID>) {
        for (bucket, filed) in ready where traces.contains(filed.exemplar.traceID) {
            ready[bucket] = nil
            wanting.insert(bucket)
        }
        offeredAt = [:]
    }
}
