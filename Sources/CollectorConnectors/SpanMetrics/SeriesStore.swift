// The series of one family. Everything that changes with each span lies in a few flat arrays, found by slot; a slot is
// used again when its series has expired.

import OTLPWire

/// Series with what they counted.
struct SeriesStore: Sendable {
    private var table = KeyTable()
    private(set) var series: [Series] = []
    private var identities = IdentityList()
    /// `bucketCount` for each slot.
    private(set) var buckets: [UInt64] = []
    private(set) var exponentials: [ExponentialBuckets] = []
    /// None unless exemplars are wanted.
    private(set) var exemplars: [[SpanExemplar]] = []
    private var free: [Int] = []
    let bucketCount: Int
    let exponentialSize: Int?
    let exemplarLimit: Int?
    private let unit: DurationUnit
    private let hashMask: UInt64

    /// - Parameters:
    ///   - bucketCount: explicit buckets of each series, 0 for none.
    ///   - exponentialSize: the most exponential buckets; nil for none.
    ///   - hashMask: the bits of hashes that series are found by; tests take few, so that all hashes collide.
    init(bucketCount: Int, exponentialSize: Int?, exemplarLimit: Int?, unit: DurationUnit, hashMask: UInt64) {
        self.unit = unit
        self.hashMask = hashMask
        self.bucketCount = bucketCount
        self.exponentialSize = exponentialSize
        self.exemplarLimit = exemplarLimit
    }

    var count: Int { series.count - free.count }

    /// The bytes a series takes, roughly, with labels and an identity of `labelBytes`.
    func bytes(forLabels labelBytes: Int) -> Int {
        let exemplarBytes = (exemplarLimit ?? 0) * MemoryLayout<SpanExemplar>.stride
        return MemoryLayout<Series>.stride + KeyTable.bytesPerEntry + 64 + labelBytes + 8 * bucketCount
            + 8 * (exponentialSize ?? 0) + exemplarBytes
    }

    /// The slot of a resource's series with an identity.
    func find(_ hash: UInt64, _ identity: Span<UInt64>, resource: Int) -> Int? {
        var search = table.search(key(hash, resource))
        while let slot = table.next(&search) {
            if series[slot].resource == resource, identities.isEqual(slot, identity) { return slot }
        }
        return nil
    }

    private func key(_ hash: UInt64, _ resource: Int) -> UInt64 { mixed(hash ^ UInt64(resource)) & hashMask }

    mutating func insert(_ new: Series, _ hash: UInt64, _ identity: Span<UInt64>) -> Int {
        let slot: Int
        if let last = free.popLast() {
            slot = last
            series[slot] = new
        } else {
            slot = series.count
            series.append(new)
            buckets.append(contentsOf: repeatElement(0, count: bucketCount))
            if let exponentialSize { exponentials.append(ExponentialBuckets(maximumSize: exponentialSize)) }
            if exemplarLimit != nil { exemplars.append([]) }
        }
        identities.set(identity, at: slot)
        table.insert(key(hash, new.resource), slot)
        return slot
    }

    /// Counts a span.
    ///
    /// - Parameters:
    ///   - bucket: the explicit bucket of its duration.
    ///   - count: how many spans it stands for; `weight` is the same before rounding.
    mutating func add(_ slot: Int, _ duration: UInt64, bucket: Int, count: UInt64, weight: Double, now: UInt64) {
        // Counts end at the highest that a point can say, and buckets never hold more than is counted.
        let count = min(count, UInt64(Int64.max) &- series[slot].count)
        series[slot].add(duration, count: count, weight: weight, now: now)
        if bucketCount > 0 {
            buckets[slot &* bucketCount &+ bucket] &+= count
        } else if exponentialSize != nil {
            exponentials[slot].add(Double(duration) / unit.nanoseconds, count: count)
        }
    }

    /// Offers a span as an exemplar: one for each bucket, the slowest; when there are more buckets than a point may have
    /// exemplars, those of the highest.
    mutating func offer(_ exemplar: SpanExemplar, to slot: Int) {
        guard let exemplarLimit else { return }
        if let same = exemplars[slot].firstIndex(where: { $0.bucket == exemplar.bucket }) {
            if exemplar.duration >= exemplars[slot][same].duration { exemplars[slot][same] = exemplar }
        } else if exemplars[slot].count < exemplarLimit {
            exemplars[slot].append(exemplar)
        } else if let lowest = exemplars[slot].indices.min(by: {
            exemplars[slot][$0].bucket < exemplars[slot][$1].bucket
        }), exemplars[slot][lowest].bucket < exemplar.bucket {
            exemplars[slot][lowest] = exemplar
        }
    }

    /// Says which exemplars of a series go on with its next point.
    mutating func settleExemplars(of slot: Int, _ fate: (SpanExemplar) -> ExemplarFate) {
        guard exemplarLimit != nil else { return }
        exemplars[slot] = exemplars[slot].compactMap { exemplar in
            var exemplar = exemplar
            switch fate(exemplar) {
            case .shown: exemplar.isDue = true
            case .waits: break
            case .forgotten: return nil
            }
            return exemplar
        }
    }

    /// Those that go on with the next point.
    func dueExemplars(_ slot: Int) -> [SpanExemplar] {
        exemplarLimit == nil ? [] : exemplars[slot].filter(\.isDue)
    }

    /// What was counted has been said.
    ///
    /// - Parameter time: when a delta begins anew, in nanoseconds since 1970; nil when counts go on.
    mutating func wasSaid(_ slot: Int, startingAnewAt time: UInt64?) {
        series[slot].hasNews = false
        if exemplarLimit != nil { exemplars[slot].removeAll(where: \.isDue) }
        guard let time else { return }
        series[slot].start = time
        series[slot].count = 0
        series[slot].sumNanoseconds = 0
        for bucket in 0..<bucketCount { buckets[slot * bucketCount + bucket] = 0 }
        if let exponentialSize { exponentials[slot] = ExponentialBuckets(maximumSize: exponentialSize) }
    }

    /// Frees the series that are not to be kept and returns them.
    mutating func keep(where isKept: (Series) -> Bool) -> [Series] {
        var gone: [Series] = []
        for slot in series.indices where !series[slot].isFree && !isKept(series[slot]) {
            gone.append(series[slot])
            wasSaid(slot, startingAnewAt: 0)
            if exemplarLimit != nil { exemplars[slot] = [] }
            series[slot].isFree = true
            series[slot].attributes = []
            series[slot].budgeted = []
            free.append(slot)
        }
        if !gone.isEmpty {
            let series = series
            identities.keep { !series[$0].isFree }
            table.keep { !series[$0].isFree }
        }
        return gone
    }
}
