// What a line shows: one stream or what several of them make together.

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

extension FamilyState {
    /// The streams that a line shows; nil when the time of all of them is over. What counts is counted with those whose
    /// time is over.
    func shownStreams(_ line: Int, _ request: ScrapeRequest) -> LineStreams? {
        guard let first = series[line].streams.first else { return nil }
        let isFirstShown = headers[first].updated > request.cutoff
        if !series[line].streams.isShared {
            return isFirstShown ? LineStreams(line: line, newest: first, all: []) : nil
        }
        return shownStreams([line], request)
    }

    /// The same of several lines that are shown as one.
    func shownStreams(_ lines: [Int], _ request: ScrapeRequest) -> LineStreams? {
        let all = lines.flatMap { series[$0].streams.all }
        let live = all.filter { headers[$0].updated > request.cutoff }
        guard let line = lines.first, var newest = live.first else { return nil }
        for other in live where isNewer(other, than: newest, request) { newest = other }
        let isSummed = kind == .counter || kind == .histogram
        return LineStreams(line: line, alike: lines, newest: newest, all: isSummed ? all : live)
    }

    private func isNewer(_ stream: Int, than other: Int, _ request: ScrapeRequest) -> Bool {
        (shownTime(stream, request), headers[stream].updated) >= (shownTime(other, request), headers[other].updated)
    }

    /// The value of a line: the sum of all streams that count, else the newest. Always added in the same order, so that
    /// rounding does not make it fall.
    func number(_ streams: LineStreams) -> StoredNumber {
        guard kind == .counter, isSummed(streams) else { return numbers[streams.newest] }
        var value = StoredNumber.int(0)
        if case .number(let folded)? = folded(streams)?.value { value = folded }
        for stream in streams.positions { value = value + numbers[stream] }
        return value
    }

    /// Whether more is shown than one stream has counted.
    private func isSummed(_ streams: LineStreams) -> Bool {
        streams.alike.count > 1 || isSummed(streams.line)
    }

    /// When what a line shows began to count, 0 for unknown (conformance 144): of a sum when the first of what it sums
    /// began, so that it stays where it is while processes come and go.
    func start(_ streams: LineStreams) -> UInt64 {
        guard isSummed(streams) else { return headers[streams.newest].time.start }
        let first = streams.positions.reduce(UInt64.max) { min($0, headers[$1].time.start) }
        return min(first, folded(streams)?.start ?? .max)
    }

    /// What streams of these lines have counted that are gone.
    private func folded(_ streams: LineStreams) -> FoldedStreams? {
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
        if case .histogram(var folded)? = folded(streams)?.value {
            // Of streams that are gone the sum need not be known.
            folded.sum = folded.sum ?? 0
            sum = folded
        }
        for stream in positions { sum = sum?.summed(with: histograms[stream]) ?? histograms[stream] }
        let value = sum ?? histograms[streams.newest]
        if positions.allSatisfy({ histograms[$0].edges.isEqual(to: value.edges) }) { return (value, streams) }
        // Other bounds than the streams have: their exemplars stand in other buckets.
        let exemplars = positions.flatMap { headers[$0].exemplars.all(after: request.exemplarCutoff) }
        var shown = streams
        shown.moved = ExemplarSlots(exemplars) { value.edges.bucket(of: $0) }
        return (value, shown)
    }

    /// What buckets may have an exemplar, a bit of `ExemplarSlots.bit` for each: most have none.
    func exemplarBits(_ streams: LineStreams) -> UInt64 {
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
