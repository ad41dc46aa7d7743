/// Spans and bytes over time: the sum, and the most within one interval.
struct RateMeter {
    /// The largest amounts of one interval among those that follow each other.
    private struct Peak {
        let interval: UInt64
        private var current: UInt64 = 0
        private var spans = 0
        private var bytes = 0
        private(set) var mostSpans = 0
        private(set) var mostBytes = 0

        init(interval: UInt64) {
            self.interval = interval
        }

        mutating func add(_ spans: Int, _ bytes: Int, at elapsed: UInt64) {
            if elapsed / interval != current {
                current = elapsed / interval
                self.spans = 0
                self.bytes = 0
            }
            self.spans += spans
            self.bytes += bytes
            mostSpans = max(mostSpans, self.spans)
            mostBytes = max(mostBytes, self.bytes)
        }
    }

    private static let second: UInt64 = 1_000_000_000

    private(set) var spans = 0
    private(set) var bytes = 0
    private var peaks = [1, 10, 60].map { Peak(interval: $0 * second) }

    /// - Parameter elapsed: nanoseconds since the beginning.
    mutating func add(spans: Int, bytes: Int, at elapsed: UInt64) {
        self.spans += spans
        self.bytes += bytes
        for position in peaks.indices { peaks[position].add(spans, bytes, at: elapsed) }
    }

    /// Rates over `duration` nanoseconds, of which at least one second is counted. The interval of the peak is a minute, or
    /// as much shorter as leaves at least ten of them.
    func rates(over duration: UInt64) -> KeptRates {
        let duration = max(duration, Self.second)
        let peak = peaks.last { $0.interval * 10 <= duration } ?? peaks[0]
        let seconds = Double(duration) / Double(Self.second)
        let interval = Double(peak.interval / Self.second)
        return KeptRates(
            spansPerSecond: Double(spans) / seconds, bytesPerSecond: Double(bytes) / seconds,
            peakSpansPerSecond: Double(peak.mostSpans) / interval,
            peakBytesPerSecond: Double(peak.mostBytes) / interval, peakSeconds: Int(interval))
    }
}

/// What is kept per second of virtual time.
package struct KeptRates: Sendable, Equatable {
    package var spansPerSecond: Double
    package var bytesPerSecond: Double
    package var peakSpansPerSecond: Double
    package var peakBytesPerSecond: Double
    /// The length of the intervals among which the peak was looked for.
    package var peakSeconds: Int
}
