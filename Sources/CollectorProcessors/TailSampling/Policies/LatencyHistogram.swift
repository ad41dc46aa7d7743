// The latencies of one key, of which a running percentile is read off: counts in buckets whose bounds grow by 2^(1/8),
// 9 %, from 1 µs to over an hour, in two halves of the window. The younger half takes what comes in; when it is full
// the older one is forgotten and they change places. So what counts is the last half to whole window.
//
// Where latencies crowd together, all of a timeout, of a cache, a bucket is too coarse: a threshold inside it would be
// above or below the crowd by chance. So the bucket that the percentile lies in is looked at closely, in 64 slices of
// 0.14 %, and the threshold is the upper bound of a slice: of equal latencies, none is slower than the others.
//
//     younger │▁▂▅█▆▃▁ ▁      256 buckets │
//     older   │▁▂▆█▅▃▂        256 buckets │─▶ rank: bucket 3 ─▶ │  ▁█▁   64 slices of it │─▶ rank: slice 3
//
// (2 × 256 + 64) × 2 bytes = 1152 bytes. Counts that outgrow 16 bits are all halved: in keys that busy, newer latencies
// weigh more.

import Glibc

struct LatencyHistogram: Sendable {
    static let buckets = 256
    static let slices = 64
    /// What the counts take, with what the allocator adds.
    static let allocatedBytes = (2 * buckets + slices) * MemoryLayout<UInt16>.stride + 48
    private static let bucketsPerOctave = 8
    /// With fewer latencies seen closely, their places say too little.
    private static let leastSeenClosely = 32.0

    /// The younger half and the older one, which is which changes; then the slices of one bucket.
    private var counts = [UInt16](repeating: 0, count: 2 * buckets + slices)
    private var youngerHalf = 0
    /// The bucket that the slices are of; nil while no percentile is known.
    private var closeBucket: Int?
    private var youngerSince: UInt64
    private var youngerSamples: UInt32 = 0
    private var olderSamples: UInt32 = 0
    private var sinceUpdate: UInt32 = 0
    /// Nanoseconds; nil while there are too few samples.
    private(set) var threshold: UInt64?

    init(now: UInt64) {
        youngerSince = now
    }

    /// How many latencies count, those of busy keys with their full number.
    var samples: Int { Int(youngerSamples) + Int(olderSamples) }

    /// The threshold, in nanoseconds; nil also when all latencies are older than the window.
    func threshold(at now: UInt64, window: UInt64) -> UInt64? {
        age(at: now) >= 2 * Self.half(of: window) ? nil : threshold
    }

    /// Takes a latency into account.
    /// - Parameters:
    ///   - rank: the share of latencies below the threshold.
    ///   - window: nanoseconds.
    mutating func add(_ nanoseconds: UInt64, at now: UInt64, window: UInt64, rank: Double, minimumSamples: Int) {
        let hasRotated = rotate(now, half: Self.half(of: window))
        count(nanoseconds)
        youngerSamples = youngerSamples == .max ? .max : youngerSamples + 1
        sinceUpdate += 1
        // With few samples each one counts, with many none does.
        let patience = min(64, samples / 16)
        let isDue = threshold == nil ? samples >= minimumSamples : sinceUpdate > patience
        guard isDue || hasRotated else { return }
        sinceUpdate = 0
        threshold = nil
        guard samples >= minimumSamples, let place = place(of: rank) else { return }
        threshold = latency(at: place)
        lookClosely(at: place.bucket)
    }

    /// Where a rank lies.
    private struct Place {
        var bucket: Int
        /// The share of the bucket's latencies that lie below.
        var share: Double
        /// Whether the bucket holds more latencies than all above the rank are: where in it they are then matters.
        var isCrowded: Bool
    }

    private func place(of rank: Double) -> Place? {
        var total = 0.0
        for position in 0..<2 * Self.buckets { total += Double(counts[position]) }
        guard total > 0 else { return nil }
        var left = rank * total
        for bucket in 0..<Self.buckets {
            let count = Double(counts[bucket]) + Double(counts[Self.buckets + bucket])
            if count > 0, count >= left {
                return Place(bucket: bucket, share: left / count, isCrowded: count > (1 - rank) * total)
            }
            left -= count
        }
        return Place(bucket: Self.buckets - 1, share: 1, isCrowded: true)
    }

    private func latency(at place: Place) -> UInt64 {
        let first = Double(place.bucket * Self.slices)
        if let slice = slice(at: place) { return Self.nanoseconds(first + Double(slice + 1)) }
        // As if they lay evenly, or all at the upper end.
        return Self.nanoseconds(first + Double(Self.slices) * (place.isCrowded ? 1 : place.share))
    }

    /// The slice that a place lies in; nil when its bucket has not been looked at closely for long enough.
    private func slice(at place: Place) -> Int? {
        guard place.bucket == closeBucket else { return nil }
        let seen = counts[(2 * Self.buckets)...]
        let total = seen.reduce(0.0) { $0 + Double($1) }
        guard total >= Self.leastSeenClosely else { return nil }
        var left = place.share * total
        for (slice, count) in seen.enumerated() where count > 0 {
            if Double(count) >= left { return slice }
            left -= Double(count)
        }
        return Self.slices - 1
    }

    private mutating func lookClosely(at bucket: Int) {
        guard bucket != closeBucket else { return }
        closeBucket = bucket
        for slice in 0..<Self.slices { counts[2 * Self.buckets + slice] = 0 }
    }

    private mutating func count(_ nanoseconds: UInt64) {
        let place = Self.place(of: nanoseconds)
        let bucket = place / Self.slices
        let position = youngerHalf * Self.buckets + bucket
        if counts[position] == .max { halve() }
        counts[position] += 1
        guard bucket == closeBucket else { return }
        let slice = 2 * Self.buckets + place % Self.slices
        if counts[slice] == .max { halve() }
        counts[slice] += 1
    }

    private static func half(of window: UInt64) -> UInt64 { max(1, window / 2) }

    /// The time since the younger half began.
    private func age(at now: UInt64) -> UInt64 { now > youngerSince ? now - youngerSince : 0 }

    /// Returns whether a half has been forgotten.
    private mutating func rotate(_ now: UInt64, half: UInt64) -> Bool {
        let age = age(at: now)
        guard age >= half else { return false }
        let isAllOld = age >= 2 * half
        youngerHalf = 1 - youngerHalf
        olderSamples = isAllOld ? 0 : youngerSamples
        youngerSamples = 0
        youngerSince = now
        for bucket in 0..<Self.buckets {
            counts[youngerHalf * Self.buckets + bucket] = 0
            if isAllOld { counts[(1 - youngerHalf) * Self.buckets + bucket] = 0 }
        }
        // The slices are not in halves; what was seen longer ago weighs less.
        for slice in counts.indices.suffix(Self.slices) { counts[slice] = isAllOld ? 0 : counts[slice] / 2 }
        return true
    }

    private mutating func halve() {
        // Every other bucket rounds up, so that rare latencies neither fade nor grow.
        for position in counts.indices {
            let odd = counts[position] & 1
            counts[position] = counts[position] / 2 + (position % 2 == 0 ? 0 : odd)
        }
    }

    /// The place of a latency, counted in slices.
    private static func place(of nanoseconds: UInt64) -> Int {
        let microseconds = max(1, Double(nanoseconds) / 1000)
        return min(buckets * slices - 1, Int(log2(microseconds) * Double(bucketsPerOctave * slices)))
    }

    /// The latency at a place between the bounds of slices. Beyond the last one there is none that is known to be slow.
    private static func nanoseconds(_ place: Double) -> UInt64 {
        guard place < Double(buckets * slices) else { return .max - 1 }
        return UInt64((exp2(place / Double(bucketsPerOctave * slices)) * 1000).rounded(.up))
    }
}
