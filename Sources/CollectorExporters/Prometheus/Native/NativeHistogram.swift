// An exponential histogram as it is kept for scrapes: what Prometheus calls a native histogram.
//
// The scale is at most 8, the finest that Prometheus has, and there are at most 320 buckets of each sign, twice what
// SDKs keep: finer ones are joined. The indexes of all doubles there are fit into 320 buckets from scale -3 on, so the
// limit alone never makes a histogram too coarse for Prometheus, whose coarsest scale is -4.

import Glibc
import OTLPWire

struct NativeHistogram: Sendable, Equatable {
    /// Of Prometheus's schemas (conformance 192).
    static let shownScales = -4...8
    static let maximumBuckets = 320
    /// What counts as zero when the sender does not say (conformance 194).
    static let zeroThreshold = 1e-128
    /// At scale -10 all numbers above one are in one bucket.
    private static let minimumScale: Int32 = -10

    private(set) var scale: Int
    /// What counts as zero, as sent; 0 when the sender does not say.
    private(set) var zeroThreshold: Double
    private(set) var zeroCount: UInt64
    private(set) var positive: ExponentialBuckets
    private(set) var negative: ExponentialBuckets

    /// Nil for what cannot be: more in the buckets than the point counts, buckets that no number can fall into
    /// (conformance 198), counts beyond what Prometheus can take, a threshold below zero.
    init?(_ point: ExponentialHistogramPoint, _ bytes: Span<UInt8>) {
        guard point.scale >= Self.minimumScale, point.zeroThreshold >= 0, point.zeroThreshold.isFinite,
            let above = Extent(point.positive, scale: point.scale, bytes),
            let below = Extent(point.negative, scale: point.scale, bytes)
        else { return nil }
        let total = above.total.addingSaturated(below.total).addingSaturated(point.zeroCount)
        guard total <= point.count, total <= UInt64(Int64.max) else { return nil }
        let scale = Int(point.scale)
        let shift = max(
            0, scale - Self.shownScales.upperBound,
            ExponentialBuckets.shift(fitting: above.indexes, into: Self.maximumBuckets),
            ExponentialBuckets.shift(fitting: below.indexes, into: Self.maximumBuckets))
        self.scale = scale - shift
        zeroThreshold = point.zeroThreshold
        zeroCount = point.zeroCount
        positive = Self.read(point.positive, above, shift, bytes)
        negative = Self.read(point.negative, below, shift, bytes)
    }

    /// Observations in all buckets.
    var total: UInt64 { zeroCount.addingSaturated(positive.total).addingSaturated(negative.total) }

    /// Whether Prometheus has such buckets.
    var isShown: Bool { Self.shownScales.contains(scale) }

    /// Adds the observations of another histogram, at the coarser of the two scales (conformance 132).
    /// - Returns: false, with nothing changed, when there are more observations than Prometheus can take.
    mutating func add(_ other: NativeHistogram) -> Bool {
        guard total.addingSaturated(other.total) <= UInt64(Int64.max) else { return false }
        var other = other
        let common = min(scale, other.scale)
        downscale(by: scale - common)
        other.downscale(by: other.scale - common)
        if zeroThreshold != other.zeroThreshold {
            // The first round may move a threshold to the bound of a bucket, which the second takes to both.
            for _ in 0..<2 {
                let threshold = max(zeroThreshold, other.zeroThreshold)
                raiseThreshold(to: threshold)
                other.raiseThreshold(to: threshold)
            }
        }
        let shift = max(
            ExponentialBuckets.shift(
                fitting: Self.union(positive.indexes, other.positive.indexes), into: Self.maximumBuckets),
            ExponentialBuckets.shift(
                fitting: Self.union(negative.indexes, other.negative.indexes), into: Self.maximumBuckets))
        downscale(by: shift)
        other.downscale(by: shift)
        zeroCount = zeroCount.addingSaturated(other.zeroCount)
        positive.add(other.positive)
        negative.add(other.negative)
        return true
    }

    private mutating func downscale(by shift: Int) {
        guard shift > 0 else { return }
        scale -= shift
        positive.downscale(by: shift)
        negative.downscale(by: shift)
    }

    /// Counts as zero what lies up to `threshold`, and the whole of a bucket that it cuts.
    private mutating func raiseThreshold(to threshold: Double) {
        guard threshold > zeroThreshold else { return }
        zeroThreshold = threshold
        let last = [positive, negative].compactMap { lastIndex(in: $0, startingBelow: threshold) }.max()
        guard let last else { return }
        zeroCount = zeroCount.addingSaturated(positive.removeFirst(through: last))
        zeroCount = zeroCount.addingSaturated(negative.removeFirst(through: last))
        zeroThreshold = max(threshold, bound(last + 1))
    }

    /// The last bucket with observations whose lower bound is below the threshold.
    private func lastIndex(in buckets: ExponentialBuckets, startingBelow threshold: Double) -> Int? {
        guard let indexes = buckets.indexes else { return nil }
        return indexes.last { bound($0) < threshold && buckets.counts[$0 - indexes.lowerBound] > 0 }
    }

    /// base^index; infinite beyond all numbers.
    private func bound(_ index: Int) -> Double {
        exp2(Double(index) * exp2(Double(-scale)))
    }

    private static func union(_ one: ClosedRange<Int>?, _ other: ClosedRange<Int>?) -> ClosedRange<Int>? {
        guard let one, let other else { return one ?? other }
        return min(one.lowerBound, other.lowerBound)...max(one.upperBound, other.upperBound)
    }

    private static func read(
        _ buckets: ExponentialHistogramPoint.Buckets, _ extent: Extent, _ shift: Int, _ bytes: Span<UInt8>
    ) -> ExponentialBuckets {
        guard let indexes = extent.indexes else { return ExponentialBuckets() }
        var result = ExponentialBuckets(indexes: (indexes.lowerBound >> shift)...(indexes.upperBound >> shift))
        buckets.forEachCount(bytes) { index, count in result.add(count, at: index >> shift) }
        return result
    }
}

/// What there is in the buckets of a point: looked at before anything is allocated for it.
private struct Extent {
    /// Of the buckets that are not empty.
    private(set) var indexes: ClosedRange<Int>?
    private(set) var total: UInt64 = 0

    /// Nil when there are observations that are no numbers: beyond the largest double or closer to zero than the
    /// smallest.
    init?(_ buckets: ExponentialHistogramPoint.Buckets, scale: Int32, _ bytes: Span<UInt8>) {
        var first: Int?
        var last = 0
        var sum: UInt64 = 0
        buckets.forEachCount(bytes) { index, count in
            first = first ?? index
            last = index
            sum = sum.addingSaturated(count)
        }
        total = sum
        guard let first else { return }
        let width = exp2(-Double(scale))
        guard Double(first + 1) * width > -1075, Double(last) * width < 1024 else { return nil }
        indexes = first...last
    }
}
