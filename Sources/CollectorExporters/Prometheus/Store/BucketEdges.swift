/// The upper bounds of a histogram's buckets, or the quantiles of a summary, with the end of each line's labels
/// rendered: `le="0.5"} `. Series with equal bounds share one.
final class BucketEdges: Sendable {
    /// What no line is shown with: for places that nobody uses.
    static let none = BucketEdges([], label: "le", hasOverflow: false)

    /// Increasing; finite except that the first may be -Inf. The bucket above the last one is not among them.
    let bounds: [Double]
    private let text: LabelEnds
    private let openMetrics: LabelEnds
    let hasNegative: Bool
    private let charge: MemoryCharge?

    /// - Parameters:
    ///   - label: `le` or `quantile`.
    ///   - hasOverflow: whether a bucket without a bound follows, shown as `+Inf`.
    convenience init(_ bounds: [Double], label: StaticString, hasOverflow: Bool) {
        let shown = hasOverflow ? bounds + [.infinity] : bounds
        self.init(
            bounds, LabelEnds(shown, label: label, .text), LabelEnds(shown, label: label, .openMetrics), charge: nil)
    }

    /// Nil when there is no memory for them.
    convenience init?(_ bounds: [Double], label: StaticString, hasOverflow: Bool, memory: SeriesMemory) {
        let shown = hasOverflow ? bounds + [.infinity] : bounds
        let text = LabelEnds(shown, label: label, .text)
        let openMetrics = LabelEnds(shown, label: label, .openMetrics)
        guard let charge = memory.charge(Self.size(bounds, text, openMetrics)) else { return nil }
        self.init(bounds, text, openMetrics, charge: charge)
    }

    private init(_ bounds: [Double], _ text: LabelEnds, _ openMetrics: LabelEnds, charge: MemoryCharge?) {
        self.bounds = bounds
        self.text = text
        self.openMetrics = openMetrics
        self.charge = charge
        hasNegative = bounds.contains { $0 < 0 }
    }

    /// In bytes.
    var size: Int { Self.size(bounds, text, openMetrics) }

    private static func size(_ bounds: [Double], _ text: LabelEnds, _ openMetrics: LabelEnds) -> Int {
        MemoryCost.edges + 8 * bounds.count + text.size + openMetrics.size
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

    /// Whether they are the same buckets.
    func isEqual(to other: BucketEdges) -> Bool {
        self === other || bounds == other.bounds
    }

    /// The bounds that two histograms both have. Nothing is rendered again: scrapes ask for them.
    func common(with other: BucketEdges) -> BucketEdges {
        if isEqual(to: other) { return self }
        let kept = bounds.indices.filter { position in
            let found = other.bucket(of: bounds[position])
            return found < other.bounds.count && other.bounds[found] == bounds[position]
        }
        if kept.count == bounds.count { return self }
        // The lines of kept bounds, and that of +Inf.
        let lines = kept + [bounds.count]
        return BucketEdges(kept.map { bounds[$0] }, text.keeping(lines), openMetrics.keeping(lines), charge: nil)
    }
}

/// The ends of the labels of several lines, one after the other in one array.
struct LabelEnds: Sendable {
    private(set) var bytes: [UInt8] = []
    private var offsets = [0]

    private init() {}

    init(_ bounds: [Double], label: StaticString, _ style: NumberStyle) {
        for bound in bounds {
            append(Array("\(label)=\"") + canonicalBound(bound, style) + Array("\"} " as StaticString))
        }
    }

    var count: Int { offsets.count - 1 }

    /// In bytes.
    var size: Int { bytes.count + 8 * offsets.count }

    /// Where the end of this line stands in `bytes`.
    func range(_ line: Int) -> Range<Int> { offsets[line]..<offsets[line + 1] }

    /// Some of the lines.
    func keeping(_ lines: [Int]) -> LabelEnds {
        var result = LabelEnds()
        for line in lines where line < count { result.append(bytes[range(line)]) }
        return result
    }

    private mutating func append(_ end: some Collection<UInt8>) {
        bytes += end
        offsets.append(bytes.count)
    }
}
