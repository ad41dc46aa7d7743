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
    let text: FamilyText
    /// The next place in `FamilyState.series`.
    var next = 0
    /// Series that appeared later are for the next scrape.
    var newest: UInt64?
    var hasMetadata = false
    /// The labels shown so far, when escaping can make different ones equal; nil when it cannot.
    var shownLabels: Set<[UInt8]>?
}

extension FamilyState {
    /// Renders the next few series; false when there are no more.
    func render(_ rendering: inout FamilyRendering, _ request: ScrapeRequest, into writer: inout ExpositionWriter)
        -> Bool
    {
        let newest = rendering.newest ?? seriesCount
        rendering.newest = newest
        let end = min(series.count, rendering.next + MetricFamily.seriesPerHold)
        while rendering.next < end {
            let line = rendering.next
            rendering.next += 1
            guard series[line].number <= newest, let streams = shownStreams(line, request.cutoff) else { continue }
            let labels = series[line].labels?.block(request.format.escaping) ?? series[line].block
            if rendering.shownLabels?.insert(labels).inserted == false { continue }
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
        return rendering.next < series.count
    }

    /// The streams of a line whose time is not over; nil when there are none.
    private func shownStreams(_ line: Int, _ cutoff: UInt64) -> LineStreams? {
        if series[line].streams.count == 1 {
            let only = series[line].streams[0]
            return headers[only].updated > cutoff ? LineStreams(newest: only, others: []) : nil
        }
        let shown = series[line].streams.filter { headers[$0].updated > cutoff }
        guard var newest = shown.first else { return nil }
        for other in shown where isNewer(other, than: newest) { newest = other }
        return LineStreams(newest: newest, others: shown.filter { $0 != newest })
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

    /// The value of a line: the sum of all streams that count, else the newest.
    func number(_ streams: LineStreams) -> StoredNumber {
        var value = numbers[streams.newest]
        if kind == .counter {
            for other in streams.others { value = value + numbers[other] }
        }
        return value
    }

    /// The sum of a line's streams, and those of them whose exemplars belong to it.
    func histogram(_ streams: LineStreams) -> (HistogramValue, LineStreams) {
        var value = histograms[streams.newest]
        if streams.others.isEmpty { return (value, streams) }
        for other in streams.others { value = value.joined(with: histograms[other]) ?? value }
        // Buckets of other bounds are other buckets: their exemplars do not belong here.
        let alike = streams.others.filter { histograms[$0].edges.bounds == value.edges.bounds }
        return (value, LineStreams(newest: streams.newest, others: alike))
    }

    private func render(_ lines: SeriesLines, histogram streams: LineStreams, into writer: inout ExpositionWriter) {
        let (value, streams) = histogram(streams)
        render(lines, value, streams, into: &writer)
    }

    private func render(
        _ lines: SeriesLines, _ value: HistogramValue, _ streams: LineStreams, into writer: inout ExpositionWriter
    ) {
        let request = lines.request
        let ends = value.edges.labelEnds(request.style)
        var total: UInt64 = 0
        writer.setPrefix(lines.text.bucket, lines.labels)
        for bucket in 0..<min(ends.count, value.counts.count) {
            total = total.addingSaturated(value.counts[bucket])
            writer.startWithPrefix(ends, bucket)
            writer.value(total)
            lines.endSample(&writer) { exemplar(bucket, streams, request) }
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

    /// The latest exemplar of a bucket among streams that look the same.
    func exemplar(_ bucket: Int, _ streams: LineStreams, _ request: ScrapeRequest) -> ShownExemplar? {
        var latest = exemplar(bucket, of: streams.newest, request)
        for stream in streams.others {
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
    /// The one whose point is the newest.
    let newest: Int
    let others: [Int]
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
