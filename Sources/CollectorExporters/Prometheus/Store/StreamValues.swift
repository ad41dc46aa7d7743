import OTLPWire

/// What streams of every kind have.
struct StreamHeader {
    let key: StreamKey
    let seriesKey: SeriesKey
    let resource: ResourceRecord
    /// The line it is shown on: a position in `FamilyState.series`.
    let series: Int
    var time: StreamTime
    /// When a point came last, in nanoseconds of the monotonic clock.
    var updated: UInt64
    /// Of a stream of deltas.
    var gap = DeltaGap()
    var exemplars = ExemplarSlots()
    /// What the stream is charged for, in bytes: its place and labels, its value and its exemplars.
    var charged: Int
    /// False for a free place.
    var isLive = true
}

/// A histogram stream's present state.
struct HistogramValue {
    var edges: BucketEdges
    /// Observations in each bucket, not cumulative; one more than there are bounds.
    var counts: [UInt64]
    var sum: Double?
    /// Of an exponential histogram: its buckets, which only the protobuf format can show. For the others it is a
    /// histogram without bounds. Never more than one; an array, so that other histograms pay a word for it.
    var native: [NativeHistogram] = []

    /// About how much memory it takes, in bytes; the edges are shared.
    var size: Int {
        128 + 8 * counts.count
            + native.reduce(0) { $0 + 160 + 8 * ($1.positive.counts.count + $1.negative.counts.count) }
    }

    var count: UInt64 { counts.reduce(0) { $0.addingSaturated($1) } }

    /// A histogram of nothing, for a place that nobody uses.
    static let nothing = HistogramValue()

    private init() {
        edges = .none
        counts = []
    }

    /// Reads a point whose bounds are those of `edges`, perhaps with +Inf behind them; nil when it has more in its
    /// buckets than it counts. What it counts beyond its buckets is shown in the last one, as the OpenTelemetry
    /// Collector does: the data model calls such a point invalid, and receivers decide about it.
    init?(_ point: HistogramPoint, _ bytes: Span<UInt8>, edges: BucketEdges) {
        self.edges = edges
        counts = []
        counts.reserveCapacity(edges.bounds.count + 1)
        sum = point.sum
        if point.bucketCounts.count == 0 {
            counts.append(point.count)
            return
        }
        for position in 0..<point.bucketCounts.count { counts.append(point.bucketCounts.element(position, bytes)) }
        if counts.count > edges.bounds.count + 1 {
            // An explicit bound of +Inf: its bucket and the one above are the same.
            let above = counts.removeLast()
            counts[counts.count - 1] = counts[counts.count - 1].addingSaturated(above)
        }
        let total = count
        guard total <= point.count else { return nil }
        counts[counts.count - 1] = counts[counts.count - 1].addingSaturated(point.count - total)
    }

    /// Reads an exponential histogram; nil when it is impossible.
    ///
    /// - Parameter edges: those of a histogram without bounds.
    init?(_ point: ExponentialHistogramPoint, _ bytes: Span<UInt8>, edges: BucketEdges) {
        guard let native = NativeHistogram(point, bytes) else { return nil }
        self.edges = edges
        counts = [point.count]
        sum = point.sum
        self.native = [native]
    }

    /// Whether the protobuf format can show it as a native histogram (conformance 192, 194).
    var isShownNatively: Bool { sum != nil && native.first?.isShown == true }

    /// Adds an exponential histogram but for its sum.
    /// - Returns: false, with nothing changed, when there are more observations than Prometheus can take.
    mutating func addNative(_ other: HistogramValue) -> Bool {
        guard !native.isEmpty, let added = other.native.first, native[0].add(added) else { return false }
        counts[0] = counts[0].addingSaturated(other.count)
        return true
    }

    /// Whether the point has exactly these bounds.
    func hasBounds(of point: HistogramPoint, _ bytes: Span<UInt8>) -> Bool {
        let bounds = edges.bounds
        guard point.explicitBounds.count == bounds.count, point.bucketCounts.count == bounds.count + 1 else {
            return false
        }
        for position in bounds.indices where point.bound(position, bytes) != bounds[position] { return false }
        return true
    }

    /// Takes over, or adds, the counts of a point with the same bounds, without allocating; the sum is left to the
    /// caller.
    /// - Returns: false when the point has more in its buckets than it counts; nothing has changed then.
    mutating func update(_ point: HistogramPoint, _ bytes: Span<UInt8>, adds: Bool) -> Bool {
        var total: UInt64 = 0
        for position in counts.indices { total = total.addingSaturated(point.bucketCounts.element(position, bytes)) }
        guard total <= point.count else { return false }
        for position in counts.indices {
            let count = point.bucketCounts.element(position, bytes)
            counts[position] = adds ? counts[position].addingSaturated(count) : count
        }
        counts[counts.count - 1] = counts[counts.count - 1].addingSaturated(point.count - total)
        return true
    }

    /// The same observations in other buckets. Each stands at the first new bound that is not below its own bucket's, so
    /// counts are exact at all bounds that both have, and never too high at a new one.
    func moved(to edges: BucketEdges) -> HistogramValue {
        if edges.isEqual(to: self.edges) { return self }
        var result = self
        result.edges = edges
        result.counts = [UInt64](repeating: 0, count: edges.bounds.count + 1)
        for (position, count) in counts.enumerated() {
            let bound = position < self.edges.bounds.count ? self.edges.bounds[position] : .infinity
            let bucket = edges.bucket(of: bound)
            result.counts[bucket] = result.counts[bucket].addingSaturated(count)
        }
        return result
    }

    /// The sum of two series that look the same, at the bounds that both have.
    func summed(with other: HistogramValue) -> HistogramValue {
        let common = edges.common(with: other.edges)
        var result = moved(to: common)
        let added = other.moved(to: common)
        for position in result.counts.indices {
            result.counts[position] = result.counts[position].addingSaturated(added.counts[position])
        }
        result.sum = sum.flatMap { sum in other.sum.map { sum + $0 } }
        if let added = other.native.first, !native.isEmpty, result.native[0].add(added) { return result }
        // One of them has buckets that the other does not tell of, or they are more than Prometheus can take.
        result.native = []
        return result
    }
}

/// A summary stream's present state.
struct SummaryValue {
    var edges: BucketEdges
    /// One for each of the edges' quantiles.
    var values: [Double]
    var sum: Double
    var count: UInt64

    /// A summary of nothing, for a place that nobody uses.
    static let nothing = SummaryValue()

    private init() {
        edges = .none
        values = []
        sum = 0
        count = 0
    }

    /// About how much memory it takes, in bytes; the edges are shared.
    var size: Int { 64 + 8 * values.count }

    /// Quantiles in ascending order, the last of equal ones; those outside 0 to 1 are left out (conformance 141). Nil
    /// when there are no edges for them.
    init?(_ point: SummaryPoint, _ bytes: Span<UInt8>, edges: ([Double]) -> BucketEdges?) {
        var quantiles: [(quantile: Double, value: Double)] = []
        point.forEachQuantile(bytes) { quantile, value in
            if quantile >= 0, quantile <= 1 { quantiles.append((quantile, value)) }
        }
        quantiles = lastOfEqual(quantiles)
        guard let edges = edges(quantiles.map(\.quantile)) else { return nil }
        self.edges = edges
        values = quantiles.map(\.value)
        sum = point.sum
        count = point.count
    }
}

/// In ascending order, the last that was given of equal quantiles. A sender may give as many as it likes, so it takes
/// no more time than sorting.
private func lastOfEqual(_ quantiles: [(quantile: Double, value: Double)]) -> [(quantile: Double, value: Double)] {
    // The standard library does not promise that its sort is stable, so the order of equal ones is asked for.
    let order = quantiles.indices.sorted { first, second in
        let (one, two) = (quantiles[first].quantile, quantiles[second].quantile)
        return one == two ? first < second : one < two
    }
    var result: [(quantile: Double, value: Double)] = []
    result.reserveCapacity(order.count)
    for position in order {
        if result.last?.quantile == quantiles[position].quantile { result.removeLast() }
        result.append(quantiles[position])
    }
    return result
}

extension UInt64 {
    /// The sum, or the largest number when it is larger: never smaller than its parts, so that cumulative buckets
    /// never decrease.
    func addingSaturated(_ other: UInt64) -> UInt64 {
        let (sum, overflows) = addingReportingOverflow(other)
        return overflows ? .max : sum
    }
}
