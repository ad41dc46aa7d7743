// What a line of several streams goes on showing when one of them ends.
//
// Such a line shows a sum. A scraper takes a sum that falls for a source that began anew, and adds all that is left to
// what it had: a stream of 1000 that leaves another one of 5 behind would add 5 where nothing happened. So what a stream
// counted stays in the sum as long as the line is shown. The last few streams that ended stay as they are, since one
// that comes back goes on where it was; of older ones only the value stays.

import OTLPWire

/// What has been counted by streams that are gone.
enum FoldedValue {
    case number(StoredNumber)
    case histogram(HistogramValue)

    /// What it is charged for, in bytes.
    var size: Int {
        switch self {
        case .number: 0
        case .histogram(let value): value.size + value.edges.size
        }
    }

    /// Of histograms one may have no sum; that of the other stands for both then.
    func adding(_ other: FoldedValue) -> FoldedValue {
        switch (self, other) {
        case (.number(let one), .number(let two)):
            return .number(one + two)
        case (.histogram(let one), .histogram(let two)):
            var result = one.summed(with: two)
            result.sum = result.sum.flatMap { $0.isFinite ? $0 : nil } ?? one.sum ?? two.sum
            return .histogram(result)
        default:
            return self
        }
    }
}

/// What the sum of a line holds besides the present values of its streams.
struct FoldedStreams {
    /// Nil when no more than the start is known.
    var value: FoldedValue?
    /// When the first of them began, in nanoseconds since 1970; 0 when that is not known of all.
    var start: UInt64

    /// What it is charged for, in bytes.
    var size: Int { 80 + (value?.size ?? 0) }

    /// Whether it is a histogram without a sum.
    var lacksSum: Bool {
        if case .histogram(let histogram)? = value { histogram.sum == nil } else { false }
    }

    func adding(_ other: FoldedStreams) -> FoldedStreams {
        let sum = value.flatMap { value in other.value.map { value.adding($0) } } ?? value ?? other.value
        return FoldedStreams(value: sum, start: min(start, other.start))
    }
}

extension FamilyState {
    /// Streams that have ended, of one line, that are kept.
    private static let restingStreams = 16

    /// Whether a line shows more than one stream has counted.
    func isSummed(_ line: Int) -> Bool {
        guard kind == .counter || kind == .histogram else { return false }
        return series[line].streams.isShared || !series[line].folded.isEmpty
    }

    /// Whether a cumulative point, which has less than its stream had or not, says that its source began anew.
    func isAnew(_ position: Int, by time: StreamTime, hasLess: Bool) -> Bool {
        hasLess || headers[position].time.isReset(by: time)
    }

    /// A cumulative point is about to take the place of what its stream had. When its source began anew, what that had
    /// counted stays in the sum of a line that shows one, and so does when the sum began.
    ///
    /// - Parameter counted: what the stream had, when its source began anew.
    mutating func keepCounted(
        _ counted: FoldedValue?, of position: Int, before time: StreamTime, _ context: IngestContext
    ) {
        let known = headers[position].time
        guard counted != nil || time.start > known.start else { return }
        if known.isRestarted(by: time) { context.tools.resets.restart.add() }
        let line = headers[position].series
        if isSummed(line) { fold([FoldedStreams(value: counted, start: known.start)], into: line) }
    }

    /// Keeps the values of streams in their line's sum; without memory for them, the sum falls.
    private mutating func fold(_ streams: [FoldedStreams], into line: Int) {
        let isSumKnown =
            streams.contains(where: \.lacksSum) && series[line].streams.all.contains { histograms[$0].sum != nil }
        let before = series[line].folded.first
        var after = before
        for stream in streams {
            let added = FoldedStreams(
                value: stream.value.flatMap { foldable($0, isSumKnown: isSumKnown) }, start: stream.start)
            after = after?.adding(added) ?? added
        }
        guard let after, recharge(from: before?.size ?? 0, to: after.size) else { return }
        series[line].folded = [after]
    }

    /// What of a value can be in a sum for good: nothing could be added any more to what is no number.
    ///
    /// - Parameter isSumKnown: whether other histograms of the line have a sum, which goes on without this one's.
    private func foldable(_ value: FoldedValue, isSumKnown: Bool) -> FoldedValue? {
        switch value {
        case .number(let number):
            return number.asDouble.isFinite ? value : nil
        case .histogram(var histogram):
            if let sum = histogram.sum {
                if sum.isFinite { return value }
                histogram.sum = nil
                lostSums.add()
            } else if isSumKnown {
                lostSums.add()
            }
            return .histogram(histogram)
        }
    }

    /// Removes the streams that no point has come for since `cutoff`, but for what their lines go on showing.
    mutating func removeExpired(_ cutoff: UInt64, _ removed: (SeriesKey, StreamKey) -> Void) {
        var shownLines: Set<Int> = []
        var expired: [Int] = []
        for position in headers.indices where headers[position].isLive {
            if headers[position].updated <= cutoff {
                expired.append(position)
            } else if isSummed(headers[position].series) {
                shownLines.insert(headers[position].series)
            }
        }
        var gone: [Int] = []
        var resting: [Int: [Int]] = [:]
        for position in expired {
            let line = headers[position].series
            if shownLines.contains(line) { resting[line, default: []].append(position) } else { gone.append(position) }
        }
        var ended: [Int: [FoldedStreams]] = [:]
        for (line, positions) in resting where positions.count > Self.restingStreams {
            let byAge = positions.sorted { headers[$0].updated < headers[$1].updated }
            let oldest = byAge.dropLast(Self.restingStreams)
            ended[line] = oldest.map { counted(by: $0) }
            gone += oldest
        }
        for position in gone { removed(headers[position].seriesKey, headers[position].key) }
        remove(gone)
        // Now there is room in the memory for what stays.
        for (line, streams) in ended { fold(streams, into: line) }
    }

    private func counted(by position: Int) -> FoldedStreams {
        let value: FoldedValue = kind == .counter ? .number(numbers[position]) : .histogram(histograms[position])
        return FoldedStreams(value: value, start: headers[position].time.start)
    }
}
