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

    /// A cumulative point is about to take the place of what its stream had. When it has less, its source began anew, and
    /// what that had counted stays in the sum of a line that shows one, and so does when the sum began. A later start
    /// alone says nothing: some sources move it with every point.
    ///
    /// - Parameter fallen: what the stream had, when the point has less.
    mutating func keepCounted(
        _ fallen: FoldedValue?, of position: Int, before time: StreamTime, _ context: IngestContext
    ) {
        let known = headers[position].time
        guard fallen != nil || time.start > known.start else { return }
        if known.isRestarted(by: time) { context.tools.resets.restart.add() }
        let line = headers[position].series
        if isSummed(line) { fold(fallen, from: known.start, into: line) }
    }

    /// Keeps the value of a stream in its line's sum; without memory for it, the sum falls.
    ///
    /// - Parameter start: when the stream began.
    private mutating func fold(_ value: FoldedValue?, from start: UInt64, into line: Int) {
        let added = FoldedStreams(value: value.flatMap { foldable($0, into: line) }, start: start)
        let before = series[line].folded.first
        let after = before?.adding(added) ?? added
        guard recharge(from: before?.size ?? 0, to: after.size) else { return }
        series[line].folded = [after]
    }

    /// What of a value can be in a sum for good: nothing could be added any more to what is no number.
    private func foldable(_ value: FoldedValue, into line: Int) -> FoldedValue? {
        switch value {
        case .number(let number):
            return number.asDouble.isFinite ? value : nil
        case .histogram(var histogram):
            if let sum = histogram.sum {
                if sum.isFinite { return value }
                histogram.sum = nil
                lostSums.add()
            } else if series[line].streams.all.contains(where: { histograms[$0].sum != nil }) {
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
        var resting: [Int: [Int]] = [:]
        for position in expired {
            let line = headers[position].series
            if shownLines.contains(line) {
                resting[line, default: []].append(position)
            } else {
                removed(headers[position].seriesKey, headers[position].key)
                remove(position)
            }
        }
        for (line, positions) in resting where positions.count > Self.restingStreams {
            let byAge = positions.sorted { headers[$0].updated < headers[$1].updated }
            for position in byAge.dropLast(Self.restingStreams) {
                let value: FoldedValue =
                    kind == .counter ? .number(numbers[position]) : .histogram(histograms[position])
                let start = headers[position].time.start
                removed(headers[position].seriesKey, headers[position].key)
                remove(position)
                fold(value, from: start, into: line)
            }
        }
    }
}
