import CollectorCore
import OTLPWire

/// A line, or the lines of one histogram: everything that looks the same to a scraper.
struct ExposedSeries {
    /// The labels before escaping, rendered: what tells series apart.
    let labels: [UInt8]
    /// Which of the family's series it was, in the order of appearance: a scrape that began earlier does not show it,
    /// so that a place used again does not repeat labels.
    let number: UInt64
    /// The streams shown here: one, unless several look the same.
    var streams = StreamList()
    /// What streams have counted that are gone, if any. Never more than one; an array, so that other series pay a word
    /// for it.
    var folded: [FoldedStreams] = []
}

/// The streams and series of one family. Only the arrays of the family's kind are used; all arrays of streams have the
/// same positions.
struct FamilyState {
    /// Of a histogram, and quantiles of a summary: what has more is refused. A thousand times what SDKs send.
    static let maximumBuckets = 10_000

    let kind: FamilyKind
    private let memory: SeriesMemory
    /// Counts what the sums of histograms go on without.
    let lostSums: Counter
    var headers: [StreamHeader] = []
    var numbers: [StoredNumber] = []
    var histograms: [HistogramValue] = []
    var summaries: [SummaryValue] = []
    private(set) var positions: [StreamKey: Int] = [:]
    /// Where the stream of the point before is.
    private var lastPosition = -1
    var series: [ExposedSeries] = []
    /// Whether there have been labels that escaping changes.
    private(set) var needsEscaping = false
    /// One for each scheme that a scrape has asked for since.
    private(set) var escaped: [EscapedSeries] = []
    private var seriesByLabels: [LabelKey: Int] = [:]
    private var freeStreams: [Int] = []
    private var freeSeries: [Int] = []
    private var edges: [BucketEdges] = []
    /// How many series there have been.
    private(set) var seriesCount: UInt64 = 0
    /// When a point came last, in nanoseconds of the monotonic clock.
    var updated: UInt64 = 0

    init(kind: FamilyKind, memory: SeriesMemory, lostSums: Counter) {
        self.kind = kind
        self.memory = memory
        self.lostSums = lostSums
    }

    var isEmpty: Bool { positions.isEmpty }

    /// The position of the stream that a point belongs to; nil when it is new.
    ///
    /// Senders repeat their points in the same order, so it is nearly always the one behind the stream of the point
    /// before: that spares most of the time it takes to hash and to fetch from a large table.
    mutating func knownStream(_ key: StreamKey) -> Int? {
        let next = lastPosition &+ 1
        if next < headers.count, headers[next].key == key, headers[next].isLive {
            lastPosition = next
            return next
        }
        guard let known = positions[key] else { return nil }
        lastPosition = known
        return known
    }

    /// Adds a stream and finds or makes its line. The caller sets the value of its kind at the position returned.
    ///
    /// - Returns: also whether another stream is shown on the same line.
    mutating func insert(
        key: StreamKey, seriesKey: SeriesKey, resource: ResourceRecord, time: StreamTime, now: UInt64, labels: LabelSet,
        charged: Int
    ) -> (position: Int, isShared: Bool) {
        let line = seriesByLabels[LabelKey(block: labels.block)] ?? addSeries(labels)
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
        return (position, series[line].streams.isShared)
    }

    private mutating func addSeries(_ labels: LabelSet) -> Int {
        seriesCount &+= 1
        if !labels.isClassic { needsEscaping = true }
        let new = ExposedSeries(labels: labels.block, number: seriesCount)
        let line: Int
        if let free = freeSeries.popLast() {
            line = free
            series[free] = new
        } else {
            line = series.count
            series.append(new)
        }
        seriesByLabels[LabelKey(block: labels.block)] = line
        for scheme in escaped.indices { escaped[scheme].replace(line, labels: labels.block) }
        return line
    }

    /// Where `escaped` has this scheme. None is needed when it shows all labels as they are.
    mutating func position(of scheme: EscapingScheme) -> Int? {
        guard needsEscaping, scheme != .allowUTF8 else { return nil }
        if let known = escaped.firstIndex(where: { $0.scheme == scheme }) { return known }
        escaped.append(EscapedSeries(scheme))
        return escaped.count - 1
    }

    /// Takes the labels of the next few series before `end` into `escaped[position]`; true when none are left.
    mutating func escapeSome(_ position: Int, end: Int) -> Bool {
        let start = escaped[position].count
        for line in start..<max(start, min(end, start + MetricFamily.seriesPerHold)) {
            escaped[position].append(labels: series[line].labels)
        }
        return escaped[position].count >= end
    }

    /// What escaping has made equal since the last call.
    mutating func takeEscapingConflicts(_ position: Int) -> EscapingConflicts { escaped[position].takeConflicts() }

    /// Removes streams, and the lines of which they were all.
    mutating func remove(_ gone: [Int]) {
        var lines: Set<Int> = []
        for position in gone where headers[position].isLive {
            let header = headers[position]
            headers[position].isLive = false
            headers[position].exemplars.removeAll()
            if kind == .histogram { histograms[position] = .nothing }
            if kind == .summary { summaries[position] = .nothing }
            memory.giveBack(header.charged)
            positions[header.key] = nil
            freeStreams.append(position)
            header.resource.liveStreams.subtract(1, ordering: .relaxed)
            lines.insert(header.series)
        }
        let headers = headers
        for line in lines.sorted() {
            series[line].streams.removeAll { !headers[$0].isLive }
            if series[line].streams.isEmpty { remove(line: line) }
        }
    }

    private mutating func remove(line: Int) {
        memory.giveBack(series[line].folded.first?.size ?? 0)
        seriesByLabels[LabelKey(block: series[line].labels)] = nil
        for scheme in escaped.indices { escaped[scheme].remove(line) }
        // The place stays, what it held does not.
        series[line] = ExposedSeries(labels: [], number: .max)
        freeSeries.append(line)
    }

    mutating func setNumber(_ value: StoredNumber, at position: Int) {
        if position == numbers.count { numbers.append(value) } else { numbers[position] = value }
    }

    mutating func setHistogram(_ value: HistogramValue, at position: Int) {
        if position == histograms.count { histograms.append(value) } else { histograms[position] = value }
    }

    /// Replaces a histogram stream's value; false, with nothing changed, when there is no memory for it.
    mutating func setHistogram(_ value: HistogramValue, charging position: Int) -> Bool {
        guard recharge(position, from: histograms[position].size, to: value.size) else { return false }
        histograms[position] = value
        return true
    }

    mutating func setSummary(_ value: SummaryValue, at position: Int) {
        if position == summaries.count { summaries.append(value) } else { summaries[position] = value }
    }

    /// Charges a stream for what it has grown by, or gives back what it is smaller by; false, with nothing changed, when
    /// there is no memory.
    mutating func recharge(_ position: Int, from before: Int, to after: Int) -> Bool {
        guard recharge(from: before, to: after) else { return false }
        headers[position].charged += after - before
        return true
    }

    func recharge(from before: Int, to after: Int) -> Bool {
        if after > before { return memory.take(after - before) }
        if after < before { memory.giveBack(before - after) }
        return true
    }

    /// The edges of these bounds; few kinds of bounds are in use at a time, so a handful of them is remembered. Nil when
    /// there is no memory for new ones.
    mutating func sharedEdges(_ bounds: [Double]) -> BucketEdges? {
        if let known = edges.first(where: { $0.bounds == bounds }) { return known }
        guard
            let new = BucketEdges(
                bounds, label: kind == .summary ? "quantile" : "le", hasOverflow: kind == .histogram, memory: memory)
        else { return nil }
        if edges.count >= 8 { edges.removeFirst() }
        edges.append(new)
        return new
    }
}
