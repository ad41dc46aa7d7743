import OTLPWire

/// A line, or the lines of one histogram: everything that looks the same to a scraper.
struct ExposedSeries {
    /// The labels before escaping, rendered: what tells series apart.
    let identity: [UInt8]
    /// The labels as scrapes show them that do not ask for another escaping.
    let block: [UInt8]
    /// For rendering in other escapings; nil when all names are classic and every escaping shows `block`.
    let labels: LabelSet?
    /// Which of the family's series it was, in the order of appearance: a scrape that began earlier does not show it,
    /// so that a place used again does not repeat labels.
    let number: UInt64
    /// The streams shown here: one, unless several look the same.
    var streams: [Int]
}

/// The streams and series of one family. Only the arrays of the family's kind are used; all arrays of streams have the
/// same positions.
struct FamilyState {
    let kind: FamilyKind
    private let memory: SeriesMemory
    var headers: [StreamHeader] = []
    var numbers: [StoredNumber] = []
    var histograms: [HistogramValue] = []
    var summaries: [SummaryValue] = []
    private(set) var positions: [StreamKey: Int] = [:]
    private(set) var series: [ExposedSeries] = []
    private(set) var seriesByLabels: [[UInt8]: Int] = [:]
    private var freeStreams: [Int] = []
    private var freeSeries: [Int] = []
    private var edges: [BucketEdges] = []
    /// How many series there have been.
    private(set) var seriesCount: UInt64 = 0
    /// When a point came last, in nanoseconds of the monotonic clock.
    var updated: UInt64 = 0
    /// The family has left the store; whoever still holds it looks again.
    var isRetired = false

    init(kind: FamilyKind, memory: SeriesMemory) {
        self.kind = kind
        self.memory = memory
    }

    var isEmpty: Bool { positions.isEmpty }

    /// Adds a stream and finds or makes its line. The caller sets the value of its kind at the position returned.
    ///
    /// - Returns: also whether another stream is shown on the same line.
    mutating func insert(
        key: StreamKey, seriesKey: SeriesKey, resource: ResourceRecord, time: StreamTime, now: UInt64, labels: LabelSet,
        charged: Int
    ) -> (position: Int, isShared: Bool) {
        let line = seriesByLabels[labels.block] ?? addSeries(labels)
        let header = StreamHeader(
            key: key, seriesKey: seriesKey, resource: resource, series: line, time: time, updated: now,
            charged: charged)
        let position: Int
        if let free = freeStreams.popLast() {
            position = free
            headers[free] = header
        } else {
            position = headers.count
            headers.append(header)
        }
        positions[key] = position
        series[line].streams.append(position)
        resource.liveStreams.add(1, ordering: .relaxed)
        return (position, series[line].streams.count > 1)
    }

    private mutating func addSeries(_ labels: LabelSet) -> Int {
        seriesCount &+= 1
        let new = ExposedSeries(
            identity: labels.block, block: labels.block(.underscores), labels: labels.isClassic ? nil : labels,
            number: seriesCount, streams: [])
        let line: Int
        if let free = freeSeries.popLast() {
            line = free
            series[free] = new
        } else {
            line = series.count
            series.append(new)
        }
        seriesByLabels[labels.block] = line
        return line
    }

    /// Removes a stream, and its line when it was the only one there.
    mutating func remove(_ position: Int) {
        let header = headers[position]
        guard header.isLive else { return }
        headers[position].isLive = false
        headers[position].exemplars.removeAll()
        if kind == .histogram { histograms[position] = HistogramValue(edges: histograms[position].edges) }
        memory.giveBack(header.charged)
        positions[header.key] = nil
        freeStreams.append(position)
        header.resource.liveStreams.subtract(1, ordering: .relaxed)
        series[header.series].streams.removeAll { $0 == position }
        guard series[header.series].streams.isEmpty else { return }
        seriesByLabels[series[header.series].identity] = nil
        // The place stays, what it held does not.
        series[header.series] = ExposedSeries(identity: [], block: [], labels: nil, number: .max, streams: [])
        freeSeries.append(header.series)
    }

    mutating func setNumber(_ value: StoredNumber, at position: Int) {
        if position == numbers.count { numbers.append(value) } else { numbers[position] = value }
    }

    mutating func setHistogram(_ value: HistogramValue, at position: Int) {
        if position == histograms.count { histograms.append(value) } else { histograms[position] = value }
    }

    mutating func setSummary(_ value: SummaryValue, at position: Int) {
        if position == summaries.count { summaries.append(value) } else { summaries[position] = value }
    }

    /// The edges of these bounds; few kinds of bounds are in use at a time, so a handful of them is remembered.
    mutating func sharedEdges(_ bounds: [Double]) -> BucketEdges {
        if let known = edges.first(where: { $0.bounds == bounds }) { return known }
        let new = BucketEdges(
            bounds, label: kind == .summary ? "quantile" : "le", hasOverflow: kind == .histogram)
        if edges.count >= 8 { edges.removeFirst() }
        edges.append(new)
        return new
    }
}
