// How the lines of a family come about. Whatever the format forbids is left out line by line: sums that are no counts
// in OpenMetrics (conformance 138 to 140), quantiles below zero (141).

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
                streams = shownStreams(alike, request)
            } else {
                streams = shownStreams(line, request)
            }
            guard let streams else { continue }
            let time = StreamTime(start: shownStart(streams, request), time: shownTime(streams.newest, request))
            let lines = SeriesLines(text: rendering.text, labels: labels, time: time, request: request)
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
            case .histogram: rendering.hiddenSamples += render(lines, histogram: streams, into: &writer)
            case .summary: rendering.hiddenSamples += render(lines, summary: streams.newest, into: &writer)
            }
        }
        return rendering.next < extent.end
    }

    private func render(_ lines: SeriesLines, number streams: LineStreams, into writer: inout ExpositionWriter) {
        writer.start(lines.text.plain, lines.labels)
        writer.value(number(streams), lines.request.style)
        lines.endSample(&writer) { lines.text.isCounter ? exemplar(0, streams, lines.request) : nil }
        if kind == .counter { lines.created(&writer) }
    }

    /// - Returns: how many samples the format does not allow.
    private func render(
        _ lines: SeriesLines, histogram streams: LineStreams, into writer: inout ExpositionWriter
    ) -> Int {
        let (value, streams) = histogram(streams, lines.request)
        return render(lines, value, streams, into: &writer)
    }

    private func render(
        _ lines: SeriesLines, _ value: HistogramValue, _ streams: LineStreams, into writer: inout ExpositionWriter
    ) -> Int {
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
        // A histogram that has no sum is shown as what it is.
        return request.isOpenMetrics && value.sum != nil && !hasSum ? 2 : 0
    }

    /// - Returns: how many samples the format does not allow.
    private func render(_ lines: SeriesLines, summary position: Int, into writer: inout ExpositionWriter) -> Int {
        var hidden = 0
        let value = summaries[position]
        let request = lines.request
        let ends = value.edges.labelEnds(request.style)
        writer.setPrefix(lines.text.plain, lines.labels)
        for quantile in 0..<min(ends.count, value.values.count) {
            let number = value.values[quantile]
            if request.isOpenMetrics, number < 0 {
                hidden += 1
                continue
            }
            writer.startWithPrefix(ends, quantile)
            writer.value(.double(number), request.style)
            lines.endSample(&writer)
        }
        if value.sum >= 0 || !request.isOpenMetrics {
            writer.start(lines.text.sum, lines.labels)
            writer.value(.double(value.sum), request.style)
            lines.endSample(&writer)
        } else {
            hidden += 1
        }
        writer.start(lines.text.count, lines.labels)
        writer.value(value.count)
        lines.endSample(&writer)
        lines.created(&writer)
        return hidden
    }
}
