// The metrics of a family as protobuf messages. An exponential histogram becomes a native one; what no native histogram
// can be is left out.

extension FamilyState {
    /// Appends a Metric.
    func append(_ series: SeriesLines, _ streams: LineStreams, to sink: inout ByteSink) {
        if kind == .histogram {
            let (value, streams) = histogram(streams, series.request)
            if value.native.isEmpty || value.isShownNatively { append(series, value, streams, to: &sink) }
            return
        }
        sink.field(Self.metricField) { metric in
            metric.labels(series.labels)
            switch kind {
            case .counter:
                metric.field(3) { counter in
                    counter.field(1, double: number(streams).asDouble)
                    counter.exemplar(2, exemplar(0, streams, series.request))
                    counter.timestamp(3, series.time.start)
                }
            case .gauge: metric.field(2) { $0.field(1, double: number(streams).asDouble) }
            case .unknown: metric.field(5) { $0.field(1, double: number(streams).asDouble) }
            case .summary: metric.field(4) { append(summaries[streams.newest], series, to: &$0) }
            case .histogram: break
            }
            time(series, &metric)
        }
    }

    private static var metricField: UInt64 { 4 }

    private func time(_ series: SeriesLines, _ metric: inout ByteSink) {
        if series.request.sendsTimestamps, series.time.time > 0 {
            metric.field(6, varint: series.time.time / 1_000_000)
        }
    }

    private func append(_ value: SummaryValue, _ series: SeriesLines, to summary: inout ByteSink) {
        summary.field(1, varint: value.count)
        summary.field(2, double: value.sum)
        for (quantile, number) in zip(value.edges.bounds, value.values) {
            summary.field(3) { entry in
                entry.field(1, double: quantile)
                entry.field(2, double: number)
            }
        }
        summary.timestamp(4, series.time.start)
    }

    private func append(
        _ series: SeriesLines, _ value: HistogramValue, _ streams: LineStreams, to sink: inout ByteSink
    ) {
        sink.field(Self.metricField) { metric in
            metric.labels(series.labels)
            metric.field(7) { histogram in
                if let native = value.native.first {
                    append(native, value, streams, series.request, to: &histogram)
                } else {
                    append(value, streams, series.request, to: &histogram)
                }
                histogram.timestamp(15, series.time.start)
            }
            time(series, &metric)
        }
    }

    private func append(
        _ value: HistogramValue, _ streams: LineStreams, _ request: ScrapeRequest, to histogram: inout ByteSink
    ) {
        histogram.field(1, varint: value.count)
        if let sum = value.sum { histogram.field(2, double: sum) }
        var total: UInt64 = 0
        for (bucket, count) in value.counts.enumerated() {
            total = total.addingSaturated(count)
            let bound = bucket < value.edges.bounds.count ? value.edges.bounds[bucket] : .infinity
            histogram.bucket(total, upperBound: bound, exemplar(bucket, streams, request))
        }
    }

    private func append(
        _ native: NativeHistogram, _ value: HistogramValue, _ streams: LineStreams, _ request: ScrapeRequest,
        to histogram: inout ByteSink
    ) {
        // Prometheus gives a whole scrape up when buckets and count do not agree, unless observations that are no
        // numbers make the sum one.
        let count = value.sum?.isNaN == true ? value.count : native.total
        histogram.field(1, varint: count)
        if let sum = value.sum { histogram.field(2, double: sum) }
        let exemplars = exemplars(streams, request)
        // The one bucket that text formats show: servers without native histograms find the same series here, and those
        // that do not know the list of exemplars one of them.
        histogram.bucket(count, upperBound: .infinity, exemplars.last)
        histogram.field(5, signed: Int64(native.scale))
        histogram.field(6, double: native.zeroThreshold > 0 ? native.zeroThreshold : NativeHistogram.zeroThreshold)
        histogram.field(7, varint: native.zeroCount)
        histogram.sparse(native.negative, spans: 9, deltas: 10)
        histogram.sparse(native.positive, spans: 12, deltas: 13)
        if native.negative.counts.isEmpty, native.positive.counts.isEmpty {
            // Tells that it is a native histogram all the same (conformance 195).
            histogram.field(12) { span in
                span.field(1, signed: 0)
                span.field(2, varint: 0)
            }
        }
        // Each must have a time (conformance 196).
        for exemplar in exemplars where exemplar.time > 0 { histogram.exemplar(16, exemplar) }
    }

    /// The exemplars of all streams shown together, oldest first.
    private func exemplars(_ streams: LineStreams, _ request: ScrapeRequest) -> [ShownExemplar] {
        if streams.all.isEmpty { return headers[streams.newest].exemplars.all(after: request.exemplarCutoff) }
        return streams.all.flatMap { headers[$0].exemplars.all(after: request.exemplarCutoff) }
            .sorted { $0.time < $1.time }
    }
}
