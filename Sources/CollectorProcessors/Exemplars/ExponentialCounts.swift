import Glibc
import OTLPWire

/// What an exponential histogram has counted, for the percentile of its values.
struct ExponentialCounts: Sendable, Equatable {
    /// Counts of buckets that follow each other; the first one has the index `offset`.
    struct Side: Sendable, Equatable {
        var offset = 0
        var counts: [UInt64] = []

        /// Several neighbours make one bucket: 2^steps.
        func merged(_ steps: Int) -> Side {
            guard steps > 0, !counts.isEmpty else { return self }
            var result = Side(offset: offset >> steps, counts: [])
            for (position, count) in counts.enumerated() {
                let bucket = ((offset + position) >> steps) - result.offset
                while result.counts.count <= bucket { result.counts.append(0) }
                result.counts[bucket] = result.counts[bucket] &+ count
            }
            return result
        }

        func count(at index: Int) -> UInt64 {
            let position = index - offset
            return counts.indices.contains(position) ? counts[position] : 0
        }

        /// What was counted since `earlier`; nil when something has become less.
        func since(_ earlier: Side) -> Side? {
            var result = self
            for position in counts.indices {
                let before = earlier.count(at: offset + position)
                guard before <= counts[position] else { return nil }
                result.counts[position] -= before
            }
            let isCovered = earlier.counts.indices.allSatisfy {
                earlier.counts[$0] <= count(at: earlier.offset + $0)
            }
            return isCovered ? result : nil
        }
    }

    var scale = 0
    var zeroCount: UInt64 = 0
    var positive = Side()
    var negative = Side()

    /// The scales of the specification, within which bounds are finite or at least ordered.
    static let scales = -10...20

    /// What was counted since `earlier`, whatever its scale; nil after a reset.
    func since(_ earlier: ExponentialCounts) -> ExponentialCounts? {
        let common = min(scale, earlier.scale)
        let (now, before) = (scaled(to: common), earlier.scaled(to: common))
        guard before.zeroCount <= now.zeroCount, let positive = now.positive.since(before.positive),
            let negative = now.negative.since(before.negative)
        else { return nil }
        return ExponentialCounts(
            scale: common, zeroCount: now.zeroCount - before.zeroCount, positive: positive, negative: negative)
    }

    private func scaled(to lower: Int) -> ExponentialCounts {
        ExponentialCounts(
            scale: lower, zeroCount: zeroCount, positive: positive.merged(scale - lower),
            negative: negative.merged(scale - lower))
    }

    /// The lower bound of the bucket up to whose end the share `fraction` of all values lies: of the bucket that holds the
    /// percentile every value may be shown. Nil when nothing was counted.
    func percentileValue(_ fraction: Double) -> Double? {
        let sum = { (side: Side) in side.counts.reduce(0.0) { $0 + Double($1) } }
        let total = sum(negative) + Double(zeroCount) + sum(positive)
        guard total > 0 else { return nil }
        let rank = fraction * total
        var below = 0.0
        for position in negative.counts.indices.reversed() {
            below += Double(negative.counts[position])
            if below >= rank, negative.counts[position] > 0 { return -bound(negative.offset + position + 1) }
        }
        below += Double(zeroCount)
        if below >= rank, zeroCount > 0 { return 0 }
        var last = 0.0
        for position in positive.counts.indices where positive.counts[position] > 0 {
            last = bound(positive.offset + position)
            below += Double(positive.counts[position])
            if below >= rank { return last }
        }
        return last
    }

    /// The cells of `SeriesCells.exponential` that the buckets with something in them lie in, with what was counted there;
    /// a bucket wider than a cell counts in all that it covers.
    var populated: [(cell: Int, count: UInt64)] {
        var counts: [Int: UInt64] = zeroCount > 0 ? [0: zeroCount] : [:]
        for (side, sign) in [(positive, 1.0), (negative, -1.0)] {
            for (position, count) in side.counts.enumerated() where count > 0 {
                for cell in cells(ofBucket: side.offset + position) {
                    counts[cell * Int(sign), default: 0] &+= count
                }
            }
        }
        return counts.map { ($0.key, $0.value) }
    }

    /// The cells that a bucket of positive values lies in.
    private func cells(ofBucket index: Int) -> ClosedRange<Int> {
        let (lower, upper) = (bound(index), bound(index + 1))
        // From scale 1 on buckets lie within cells: the middle is safe from rounding at their ends.
        let first = scale > 0 ? lower + (upper - lower) / 2 : lower.nextUp
        let last = scale > 0 ? first : upper
        let cell = { (value: Double) in
            SeriesCells.exponential.cell(of: max(value, .leastNonzeroMagnitude)) ?? 0
        }
        let cells = (cell(first), cell(last))
        return min(cells.0, cells.1)...max(cells.0, cells.1)
    }

    /// The lower bound of a bucket of positive values: 2^(index · 2^-scale).
    private func bound(_ index: Int) -> Double {
        exp2(Double(index) * exp2(Double(-scale)))
    }
}

extension ExponentialCounts.Side {
    /// Buckets that are read at most: what a histogram has by the specification many times over.
    private static let limit = 4096

    /// Reads a Buckets message { sint32 offset = 1; repeated uint64 bucket_counts = 2 }; nil when it has too many.
    init?(_ bytes: Span<UInt8>, buckets: ByteRange) {
        var fields = FieldCursor(bytes, buckets)
        while let field = fields.next() {
            switch (field.number, field.value) {
            case (1, _): offset = zigzagDecoded(field.scalar)
            case (2, .bytes(let packed)):
                var reader = WireReader(bytes, packed)
                while !reader.isAtEnd, let count = reader.varint() {
                    guard counts.count < Self.limit else { return nil }
                    counts.append(count)
                }
            case (2, _):
                guard counts.count < Self.limit else { return nil }
                counts.append(field.scalar)
            default: break
            }
        }
    }
}

/// The value of a `sint32` field.
func zigzagDecoded(_ scalar: UInt64) -> Int {
    let bits = UInt32(truncatingIfNeeded: scalar)
    return Int(Int32(bitPattern: bits >> 1) ^ -Int32(bitPattern: bits & 1))
}
