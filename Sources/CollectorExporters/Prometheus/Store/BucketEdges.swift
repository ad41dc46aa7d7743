/// The upper bounds of a histogram's buckets, or the quantiles of a summary, with the end of each line's labels
/// rendered: `le="0.5"} `. Series with equal bounds share one.
final class BucketEdges: Sendable {
    /// Increasing; finite except that the first may be -Inf. The bucket above the last one is not among them.
    let bounds: [Double]
    private let text: LabelEnds
    private let openMetrics: LabelEnds
    let hasNegative: Bool

    /// - Parameters:
    ///   - label: `le` or `quantile`.
    ///   - hasOverflow: whether a bucket without a bound follows, shown as `+Inf`.
    init(_ bounds: [Double], label: StaticString, hasOverflow: Bool) {
        self.bounds = bounds
        hasNegative = bounds.contains { $0 < 0 }
        let shown = hasOverflow ? bounds + [.infinity] : bounds
        func rendered(_ style: NumberStyle) -> LabelEnds {
            var ends = LabelEnds()
            for bound in shown {
                ends.append(Array("\(label)=\"") + canonicalBound(bound, style) + Array("\"} " as StaticString))
            }
            return ends
        }
        text = rendered(.text)
        openMetrics = rendered(.openMetrics)
    }

    func labelEnds(_ style: NumberStyle) -> LabelEnds {
        style == .text ? text : openMetrics
    }

    /// The bucket with lower < value <= bound (conformance 152); the last one for values above all bounds.
    func bucket(of value: Double) -> Int {
        var low = 0
        var high = bounds.count
        while low < high {
            let middle = (low + high) / 2
            if bounds[middle] < value { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

/// The ends of the labels of several lines, one after the other in one array.
struct LabelEnds: Sendable {
    private(set) var bytes: [UInt8] = []
    private var offsets = [0]

    var count: Int { offsets.count - 1 }

    /// Where the end of this line stands in `bytes`.
    func range(_ line: Int) -> Range<Int> { offsets[line]..<offsets[line + 1] }

    mutating func append(_ end: [UInt8]) {
        bytes += end
        offsets.append(bytes.count)
    }
}
