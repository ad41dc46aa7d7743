// How the lines of a family come about. Whatever the format forbids is left out line by line: sums that are no counts
// in OpenMetrics (conformance 138 to 140), quantiles below zero (141).

/// What one scrape wants.
struct ScrapeRequest: Sendable {
    var format: ScrapeFormat
    /// Nanoseconds of the monotonic clock.
    var now: UInt64
    var sendsTimestamps: Bool
    var showsCreated: Bool
    /// Streams of the family under way are over without a point since this moment.
    var cutoff: UInt64 = 0
    /// Exemplars stored before this moment are too old.
    var exemplarCutoff: UInt64

    var isOpenMetrics: Bool { format.format == .openMetrics }
    var style: NumberStyle { format.format.numberStyle }
}

/// How far the rendering of one family has come.
struct FamilyRendering {
    /// What there was when the scrape began: what appeared later is for the next one.
    struct Extent {
        /// The number of the last series.
        let newest: UInt64
        /// The end of `FamilyState.series`.
        let end: Int
    }

    let text: FamilyText
    var extent: Extent?
    /// The next place in `FamilyState.series`.
    var next = 0
    var hasMetadata = false
    /// The labels of several series that were shown as one; not again when only one of them is left.
    var shownTogether: Set<LabelKey> = []
    /// What escaping made equal and no scrape before has seen.
    var conflicts = EscapingConflicts()
}

extension FamilyState {
    /// Renders the next few series, as long as the writer takes more; false when there are no more.
    mutating func render(
        _ rendering: inout FamilyRendering, _ request: ScrapeRequest, into writer: inout ExpositionWriter
    ) -> Bool {
        let extent = rendering.extent ?? FamilyRendering.Extent(newest: seriesCount, end: series.count)
        rendering.extent = extent
        let escaping = position(of: request.format.escaping)
        if let escaping {
            let isComplete = escapeSome(escaping, end: extent.end)
            rendering.conflicts.add(takeEscapingConflicts(escaping))
            if !isComplete { return true }
        }
        let end = min(extent.end, rendering.next + MetricFamily.seriesPerHold)
        while rendering.next < end, !writer.isFull {
            let line = rendering.next
            rendering.next += 1
            guard series[line].number <= extent.newest else { continue }
            let labels = escaping.map { escaped[$0].blocks[line] } ?? series[line].labels
            if !rendering.shownTogether.isEmpty, rendering.shownTogether.contains(LabelKey(block: labels)) { continue }
            let streams: LineStreams?
            if let escaping, escaped[escaping].isShared(labels) {
                rendering.shownTogether.insert(LabelKey(block: labels))
                let alike = escaped[escaping].places(of: labels).filter { series[$0].number <= extent.newest }
                streams = shownStreams(alike, request.cutoff)
            } else {
                streams = shownStreams(line, request.cutoff)
            }
            guard let streams else { continue }
            let lines = SeriesLines(
                text: rendering.text, labels: labels, time: headers[streams.newest].time, request: request)
            if request.format.format == .protobuf {
                append(lines, streams, to: &writer.metrics)
                continue
            }
            if !rendering.hasMetadata {
                rendering.hasMetadata = true
                writer.append(rendering.text.metadata)
            }
            switch kind {
            case .counter, .gauge, .unknown: render(lines, number: streams, into: &writer)
            case .histogram: render(lines, histogram: streams, into: &writer)
            case .summary: render(lines, summary: streams.newest, into: &writer)
            }
        }
        return rendering.next < extent.end
    }

    /// The streams that a line shows; nil when the time of all of them is over. What counts is counted with those whose
    /// time is over.
    private func shownStreams(_ line: Int, _ cutoff: UInt64) -> LineStreams? {
        guard let first = series[line].streams.first else { return nil }
        let isFirstShown = headers[first].updated > cutoff
        if !series[line].streams.isShared {
            return isFirstShown ? LineStreams(line: line, newest: first, all: []) : nil
        }
        return shownStreams([line], cutoff)
    }

    /// The same of several lines that are shown as one.
    private func shownStreams(_ lines: [Int], _ cutoff: UInt64) -> LineStreams? {
        let all = lines.flatMap { series[$0].streams.all }
        let live = all.filter { headers[$0].updated > cutoff }
        guard let line = lines.first, var newest = live.first else { return nil }
        for other in live where isNewer(other, than: newest) { newest = other }
        let isSummed = kind == .counter || kind == .histogram
        return LineStreams(line: line, alike: lines, newest: newest, all: isSummed ? all : live)
    }

    private func isNewer(_ stream: Int, than other: Int) -> Bool {
        (headers[stream].time.time, headers[stream].updated) >= (headers[other].time.time, headers[other].updated)
    }

    private func render(_ lines: SeriesLines, number streams: LineStreams, into writer: inout ExpositionWriter) {
        writer.start(lines.text.plain, lines.labels)
        writer.value(number(streams), lines.request.style)
        lines.endSample(&writer) { lines.text.isCounter ? exemplar(0, streams, lines.request) : nil }
        if kind == .counter { lines.created(&writer) }
    }

    /// The value of a line: the sum of all streams that count, else the newest. Always added in the same order, so that
    /// rounding does not make it fall.
    func number(_ streams: LineStreams) -> StoredNumber {
        guard kind == .counter, isSummed(streams) else { return numbers[streams.newest] }
        var value = StoredNumber.int(0)
        if case .number(let folded)? = folded(streams) { value = folded }
        for stream in streams.positions { value = value + numbers[stream] }
        return value
    }

    /// Whether more is shown than one stream has counted.
    private func isSummed(_ streams: LineStreams) -> Bool {
        streams.lines.count > 1 || isSummed(streams.line)
    }

    /// What streams of these lines have counted that are gone.
    private func folded(_ streams: LineStreams) -> FoldedValue? {
        streams.lines.reduce(nil) { sum, line in
            guard let folded = series[line].folded.first else { return sum }
            return sum?.adding(folded) ?? folded
        }
    }

    /// The sum of a line's streams, and where its exemplars are.
    func histogram(_ streams: LineStreams, _ request: ScrapeRequest) -> (HistogramValue, LineStreams) {
        guard isSummed(streams) else { return (histograms[streams.newest], streams) }
        let positions = streams.positions
        var sum: HistogramValue?
        if case .histogram(let folded)? = folded(streams) { sum = folded }
        for stream in positions { sum = sum?.summed(with: histograms[stream]) ?? histograms[stream] }
        let value = sum ?? histograms[streams.newest]
        if positions.allSatisfy({ histograms[$0].edges.isEqual(to: value.edges) }) { return (value, streams) }
        // Other bounds than the streams have: their exemplars stand in other buckets.
        let exemplars = positions.flatMap { headers[$0].exemplars.all(after: request.exemplarCutoff) }
        var shown = streams
        shown.moved = ExemplarSlots(exemplars) { value.edges.bucket(of: $0) }
        return (value, shown)
    }

    private func render(_ lines: SeriesLines, histogram streams: LineStreams, into writer: inout ExpositionWriter) {
        let (value, streams) = histogram(streams, lines.request)
        render(lines, value, streams, into: &writer)
    }

    private func render(
        _ lines: SeriesLines, _ value: HistogramValue, _ streams: LineStreams, into writer: inout ExpositionWriter
    ) {
        let request = lines.request
        let ends = value.edges.labelEnds(request.style)
        let exemplarBits = request.isOpenMetrics ? exemplarBits(streams) : 0
        var total: UInt64 = 0
        writer.setPrefix(lines.text.bucket, lines.labels)
        for bucket in 0..<min(ends.count, value.counts.count) {
            total = total.addingSaturated(value.counts[bucket])
            writer.startWithPrefix(ends, bucket, value: total)
            lines.endSample(&writer) {
                exemplarBits & ExemplarSlots.bit(of: bucket) == 0 ? nil : exemplar(bucket, streams, request)
            }
        }
        let hasSum = value.sum.map { $0 >= 0 && !value.edges.hasNegative } ?? false
        if let sum = value.sum, hasSum || !request.isOpenMetrics {
            writer.start(lines.text.sum, lines.labels)
            writer.value(.double(sum), request.style)
            lines.endSample(&writer)
        }
        // OpenMetrics has either both or none.
        if hasSum || !request.isOpenMetrics {
            writer.start(lines.text.count, lines.labels)
            writer.value(total)
            lines.endSample(&writer)
        }
        lines.created(&writer)
    }

    private func render(_ lines: SeriesLines, summary position: Int, into writer: inout ExpositionWriter) {
        let value = summaries[position]
        let request = lines.request
        let ends = value.edges.labelEnds(request.style)
        writer.setPrefix(lines.text.plain, lines.labels)
        for quantile in 0..<min(ends.count, value.values.count) {
            let number = value.values[quantile]
            if request.isOpenMetrics, number < 0 { continue }
            writer.startWithPrefix(ends, quantile)
            writer.value(.double(number), request.style)
            lines.endSample(&writer)
        }
        if value.sum >= 0 || !request.isOpenMetrics {
            writer.start(lines.text.sum, lines.labels)
            writer.value(.double(value.sum), request.style)
            lines.endSample(&writer)
        }
        writer.start(lines.text.count, lines.labels)
        writer.value(value.count)
        lines.endSample(&writer)
        lines.created(&writer)
    }

    /// What buckets may have an exemplar, a bit of `ExemplarSlots.bit` for each: most have none.
    private func exemplarBits(_ streams: LineStreams) -> UInt64 {
        if let moved = streams.moved { return moved.bits }
        var bits = exemplarBits(streams.newest)
        for stream in streams.all { bits |= exemplarBits(stream) }
        return bits
    }

    private func exemplarBits(_ stream: Int) -> UInt64 {
        if headers[stream].exemplars.isEmpty { return 0 }
        return histograms[stream].native.isEmpty ? headers[stream].exemplars.bits : .max
    }

    /// The latest exemplar of a bucket among streams that look the same.
    func exemplar(_ bucket: Int, _ streams: LineStreams, _ request: ScrapeRequest) -> ShownExemplar? {
        if let moved = streams.moved { return moved.exemplar(bucket, after: 0) }
        var latest = exemplar(bucket, of: streams.newest, request)
        for stream in streams.all where stream != streams.newest {
            guard let other = exemplar(bucket, of: stream, request) else { continue }
            if latest.map({ $0.time <= other.time }) ?? true { latest = other }
        }
        return latest
    }

    private func exemplar(_ bucket: Int, of stream: Int, _ request: ScrapeRequest) -> ShownExemplar? {
        let exemplars = headers[stream].exemplars
        if exemplars.isEmpty { return nil }
        // All observations of an exponential histogram are in the one bucket that is shown.
        if kind == .histogram, !histograms[stream].native.isEmpty {
            return exemplars.newest(after: request.exemplarCutoff)
        }
        return exemplars.exemplar(bucket, after: request.exemplarCutoff)
    }
}

/// The streams shown on one line: nearly always one.
struct LineStreams {
    /// A position in `FamilyState.series`.
    let line: Int
    /// All lines that escaping makes one, this one among them; empty when it stands alone.
    var alike: [Int] = []
    /// The one whose point is the newest.
    let newest: Int
    /// All of them, in a lasting order; empty when the newest is the only one.
    let all: [Int]
    /// The exemplars by the buckets that are shown, when those are others than the streams'.
    var moved: ExemplarSlots?

    var lines: [Int] { alike.isEmpty ? [line] : alike }
    var positions: [Int] { all.isEmpty ? [newest] : all }
}

/// The lines of one series under way.
struct SeriesLines {
    let text: FamilyText
    let labels: [UInt8]
    /// Of the newest stream.
    let time: StreamTime
    let request: ScrapeRequest

    /// What follows a sample's value.
    func endSample(_ writer: inout ExpositionWriter, exemplar: () -> ShownExemplar? = { nil }) {
        if request.sendsTimestamps, time.time > 0 { writer.timestamp(time.time, request.format.format) }
        if request.isOpenMetrics, let exemplar = exemplar() { writer.append(exemplar.text) }
        writer.endLine()
    }

    /// When the stream began (conformance 144).
    func created(_ writer: inout ExpositionWriter) {
        guard request.showsCreated, request.isOpenMetrics, time.start > 0, text.isCounter || text.hasParts else {
            return
        }
        writer.start(text.created, labels)
        writer.seconds(time.start)
        if request.sendsTimestamps, time.time > 0 { writer.timestamp(time.time, .openMetrics) }
        writer.endLine()
    }
}
