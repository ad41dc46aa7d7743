// A base-2 exponential histogram (OpenTelemetry data model, "ExponentialHistogram"): bucket i of scale s holds values in
// (base^i, base^(i+1)] with base = 2^(2^-s). Starts at the finest scale; when values lie further apart than there are
// buckets, pairs of buckets are joined and the scale falls by one.

import Glibc
import OTLPWire

/// The buckets of one exponential histogram of values that are not negative.
struct ExponentialBuckets: Sendable {
    static let finestScale: Int32 = 20

    private let maximumSize: Int
    private(set) var scale = finestScale
    /// The index of the first bucket.
    private(set) var offset: Int32 = 0
    private(set) var counts: [UInt64] = []
    private(set) var zeroCount: UInt64 = 0

    init(maximumSize: Int) { self.maximumSize = maximumSize }

    mutating func add(_ value: Double, count: UInt64) {
        guard value > 0 else {
            zeroCount &+= count
            return
        }
        var index = Self.index(value, scale)
        if counts.isEmpty {
            offset = index
            counts = [count]
            return
        }
        while max(index, last) - min(index, offset) >= Int32(maximumSize) {
            downscale()
            index = Self.index(value, scale)
        }
        if index < offset {
            counts.insert(contentsOf: repeatElement(0, count: Int(offset - index)), at: 0)
            offset = index
        } else if index > last {
            counts.append(contentsOf: repeatElement(0, count: Int(index - last)))
        }
        counts[Int(index - offset)] &+= count
    }

    private var last: Int32 { offset + Int32(counts.count) - 1 }

    private mutating func downscale() {
        scale -= 1
        let first = offset >> 1
        var joined = Array(repeating: UInt64(0), count: Int((last >> 1) - first) + 1)
        for (position, count) in counts.enumerated() {
            joined[Int(((offset + Int32(position)) >> 1) - first)] &+= count
        }
        offset = first
        counts = joined
    }

    /// The index of a positive value's bucket: upper bounds belong to their bucket.
    static func index(_ value: Double, _ scale: Int32) -> Int32 {
        if scale <= 0 { return exponentIndex(value) >> -scale }
        // Powers of two must not depend on how the logarithm rounds.
        if value.significand == 1 { return Int32(value.exponent) << scale - 1 }
        return Int32((log2(value) * Double(1 << Int64(scale))).rounded(.up)) - 1
    }

    /// The index at scale 0.
    private static func exponentIndex(_ value: Double) -> Int32 {
        Int32(value.exponent) - (value.significand == 1 ? 1 : 0)
    }
}

extension MessageWriter {
    /// The fields of an ExponentialHistogramDataPoint that tell of its buckets.
    mutating func exponential(_ buckets: ExponentialBuckets) {
        sint32(6, buckets.scale)
        fixed64(7, buckets.zeroCount)
        message(8) { positive in
            positive.sint32(1, buckets.offset)
            positive.packedVarint(2, buckets.counts)
        }
    }
}
