import OTLPWire

/// A point's buckets and time.
struct PointShape: Sendable {
    enum Distribution: Sendable {
        /// A count for each explicit bucket.
        case explicit([UInt64])
        case exponential(ExponentialCounts)
    }

    var cells: SeriesCells
    /// The cells in which something was counted, with the count; nil when the point does not say.
    var populated: [(cell: Int, count: UInt64)]?
    /// Nil when nobody asks for percentiles, and for counters.
    var distribution: Distribution?
    var startNanoseconds: UInt64 = 0
    var timeNanoseconds: UInt64 = 0
    var isDelta: Bool

    /// More buckets than a scrape endpoint shows.
    static let boundsLimit = 10_000

    /// What a series is charged for that remembers this, in bytes, without its cells.
    var size: Int {
        switch distribution {
        case .explicit(let counts): ExemplarCost.bound * 2 * counts.count
        case .exponential(let counts):
            ExemplarCost.bound * (counts.positive.counts.count + counts.negative.counts.count)
        case nil: 0
        }
    }

    /// What the first point of a series makes that be charged for, beside what every series is.
    var firstSize: Int { cells.size + size + ExemplarCost.cell * min(populated?.count ?? 0, TrackedSeries.cellLimit) }

    /// Nil for points that have no buckets, more than `boundsLimit`, or no value.
    init?(_ bytes: Span<UInt8>, _ point: ByteRange, _ kind: MetricEntry.Kind, hasCounts: Bool, isDelta: Bool) {
        self.isDelta = isDelta
        switch kind {
        case .histogram:
            let view = HistogramPoint(bytes, point: point)
            let (bounds, counts) = (view.explicitBounds, view.bucketCounts)
            guard !view.hasNoRecordedValue, counts.count == bounds.count + 1,
                bounds.count <= Self.boundsLimit
            else { return nil }
            startNanoseconds = view.startNanoseconds
            timeNanoseconds = view.timeNanoseconds
            cells = .explicit((0..<bounds.count).map { view.bound($0, bytes) })
            let numbers = (0..<counts.count).map { counts.element($0, bytes) }
            populated = numbers.indices.filter { numbers[$0] > 0 }.map { ($0, numbers[$0]) }
            if hasCounts { distribution = .explicit(numbers) }
        case .sum, .exponentialHistogram:
            cells = kind == .sum ? .single : .exponential
            guard readTimes(bytes, point, flagsField: kind == .sum ? 8 : 10) else { return nil }
            if kind != .sum { readExponential(bytes, point, hasCounts: hasCounts) }
        case .gauge, .summary, .none:
            return nil
        }
    }

    /// Whether a point has no shape for having more than `boundsLimit`.
    static func hasTooManyBounds(_ bytes: Span<UInt8>, _ point: ByteRange, _ kind: MetricEntry.Kind) -> Bool {
        kind == .histogram && HistogramPoint(bytes, point: point).explicitBounds.count > boundsLimit
    }

    /// False when the point has no value.
    private mutating func readTimes(_ bytes: Span<UInt8>, _ point: ByteRange, flagsField: UInt32) -> Bool {
        var flags: UInt64 = 0
        var fields = FieldCursor(bytes, point)
        while let field = fields.next() {
            switch field.number {
            case 2: startNanoseconds = field.scalar
            case 3: timeNanoseconds = field.scalar
            case flagsField: flags = field.scalar
            default: break
            }
        }
        return flags & PointFlags.noRecordedValue == 0
    }

    /// Leaves the distribution unknown when the point says more, or other things, than the specification allows.
    private mutating func readExponential(_ bytes: Span<UInt8>, _ point: ByteRange, hasCounts: Bool) {
        var counts = ExponentialCounts()
        var fields = FieldCursor(bytes, point)
        while let field = fields.next() {
            switch field.number {
            case 6: counts.scale = zigzagDecoded(field.scalar)
            case 7: counts.zeroCount = field.scalar
            case 8, 9:
                guard let side = ExponentialCounts.Side(bytes, buckets: field.payload) else { return }
                if field.number == 8 { counts.positive = side } else { counts.negative = side }
            default: break
            }
        }
        guard ExponentialCounts.scales.contains(counts.scale) else { return }
        populated = counts.populated
        if hasCounts { distribution = .exponential(counts) }
    }
}
