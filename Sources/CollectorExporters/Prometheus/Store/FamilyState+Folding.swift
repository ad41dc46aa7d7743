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
        case .number: 64
        case .histogram(let value): value.size + value.edges.size
        }
    }

    func adding(_ other: FoldedValue) -> FoldedValue {
        switch (self, other) {
        case (.number(let one), .number(let two)): .number(one + two)
        case (.histogram(let one), .histogram(let two)): .histogram(one.summed(with: two))
        default: self
        }
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

    /// Keeps the value of a stream in its line's sum; without memory for it, the sum falls.
    mutating func fold(_ value: FoldedValue, into line: Int) {
        let before = series[line].folded.first
        let after = before?.adding(value) ?? value
        guard recharge(from: before?.size ?? 0, to: after.size) else { return }
        series[line].folded = [after]
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
                removed(headers[position].seriesKey, headers[position].key)
                remove(position)
                fold(value, into: line)
            }
        }
    }
}
