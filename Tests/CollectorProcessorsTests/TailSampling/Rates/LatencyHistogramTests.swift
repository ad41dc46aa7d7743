import Glibc
import Testing

@testable import CollectorProcessors

@Suite("tail_sampling: running percentiles")
struct LatencyHistogramTests {
    private let second: UInt64 = 1_000_000_000

    /// A key that gets a hundred traces a second.
    private struct Stream {
        var histogram = LatencyHistogram(now: 0)
        var now: UInt64 = 0
        var random = SeededRandom(seed: 11)
        var rank = 0.99

        /// The share that lay above the threshold.
        mutating func keep(_ count: Int, _ latency: (inout SeededRandom) -> Double) -> Double {
            var kept = 0
            for _ in 0..<count {
                now += 10_000_000
                let nanoseconds = UInt64(latency(&random) * 1e6)
                if let threshold = histogram.threshold, nanoseconds > threshold { kept += 1 }
                histogram.add(nanoseconds, at: now, window: 300_000_000_000, rank: rank, minimumSamples: 200)
            }
            return Double(kept) / Double(count)
        }
    }

    /// About normal: the sum of twelve even numbers.
    private static func normal(_ random: inout SeededRandom) -> Double {
        (0..<12).reduce(-6.0) { sum, _ in sum + random.unit() }
    }

    /// Milliseconds.
    private static func logNormal(_ median: Double, _ random: inout SeededRandom) -> Double {
        median * exp2(normal(&random))
    }

    @Test("One in a hundred is kept of log-normal latencies, and again after a shift, within the window")
    func logNormal() {
        var stream = Stream()
        _ = stream.keep(5000) { Self.logNormal(80, &$0) }
        let before = stream.keep(100_000) { Self.logNormal(80, &$0) }
        #expect(abs(before - 0.01) < 0.003, "\(before)")
        // Three times as slow; 300 seconds are 30 000 traces.
        _ = stream.keep(30_000) { Self.logNormal(240, &$0) }
        let after = stream.keep(100_000) { Self.logNormal(240, &$0) }
        #expect(abs(after - 0.01) < 0.003, "\(after)")
        _ = stream.keep(30_000) { Self.logNormal(80, &$0) }
        let back = stream.keep(100_000) { Self.logNormal(80, &$0) }
        #expect(abs(back - 0.01) < 0.003, "\(back)")
    }

    @Test("One in a hundred is kept of latencies in two groups, whichever the percentile lies in")
    func bimodal() {
        for slowShare in [0.002, 0.05, 0.5] {
            var stream = Stream()
            let latency = { (random: inout SeededRandom) in
                let isSlow = random.unit() < slowShare
                return Self.logNormal(isSlow ? 3000 : 5, &random)
            }
            _ = stream.keep(10_000, latency)
            let kept = stream.keep(100_000, latency)
            #expect(abs(kept - 0.01) < 0.003, "\(slowShare): \(kept)")
        }
    }

    @Test(
        "Of latencies that are all the same none is kept, wherever in its bucket they lie", arguments: [0.5, 0.9, 0.99])
    func constant(_ rank: Double) {
        for step in 0..<120 {
            let latency = 6.0 * exp2(Double(step) / 480)
            var stream = Stream(rank: rank)
            let kept = stream.keep(3000) { _ in latency }
            #expect(kept == 0, "\(latency) ms: \(kept)")
        }
        for latency in [0, 0.0005, 1, 1024, 9e6] {
            var stream = Stream(rank: rank)
            #expect(stream.keep(1000) { _ in latency } == 0, "\(latency) ms")
        }
    }

    @Test("Latencies close together are told apart: one in a hundred is kept of those within 2 % and 20 %")
    func narrow() {
        for spread in [0.01, 0.1] {
            for median in [6.3, 6.45, 6.6, 6.8] {
                var stream = Stream()
                let latency = { (random: inout SeededRandom) in median * (1 + spread * Self.normal(&random)) }
                _ = stream.keep(20_000, latency)
                let kept = stream.keep(100_000, latency)
                #expect(abs(kept - 0.01) < 0.004, "\(spread) \(median): \(kept)")
            }
        }
    }

    @Test("Most latencies being the same, at most those slower than that are kept")
    func crowd() {
        for latency in [6.2, 6.3, 6.4, 6.5, 6.6] {
            for rank in [0.5, 0.9] {
                var stream = Stream(rank: rank)
                let mixed = { (random: inout SeededRandom) in
                    random.unit() < 0.9 ? latency : Self.logNormal(latency, &random)
                }
                // At first the slices tell too little.
                _ = stream.keep(2000, mixed)
                let kept = stream.keep(20_000, mixed)
                #expect(abs(kept - 0.05) < 0.01, "\(latency) P\(rank): \(kept)")
            }
        }
    }

    @Test("Nothing is known from fewer than min_samples, or of a key that was silent for a window")
    func minimumSamples() {
        var histogram = LatencyHistogram(now: 0)
        func add(_ count: Int, at now: UInt64) {
            for _ in 0..<count {
                histogram.add(5_000_000, at: now, window: 60 * second, rank: 0.9, minimumSamples: 10)
            }
        }
        add(9, at: 1)
        #expect(histogram.threshold == nil)
        add(1, at: 2)
        #expect(histogram.threshold != nil)
        add(1, at: 31 * second)
        #expect(histogram.threshold != nil && histogram.samples == 11)
        // Part of the window is still filled.
        #expect(histogram.threshold(at: 61 * second, window: 60 * second) != nil)
        add(1, at: 61 * second)
        #expect(histogram.threshold == nil && histogram.samples == 2)
        add(20, at: 62 * second)
        #expect(histogram.threshold != nil)
        #expect(histogram.threshold(at: 100 * second, window: 60 * second) != nil)
        #expect(histogram.threshold(at: 122 * second, window: 60 * second) == nil)
        add(1, at: 500 * second)
        #expect(histogram.samples == 1)
    }

    @Test("Interpolated percentiles are within a bucket's width, also of more traces than a count can hold")
    func manyTraces() throws {
        var histogram = LatencyHistogram(now: 0)
        for step in 0..<400_000 {
            // Evenly from 1 to 2 ms; one in a hundred takes 100 ms.
            let nanoseconds = step % 100 == 0 ? 100_000_000 : UInt64(1_000_000 + step * 2_654_435 % 1_000_000)
            histogram.add(nanoseconds, at: 1, window: 60 * second, rank: 0.5, minimumSamples: 10)
        }
        #expect(histogram.samples == 400_000)
        func percentile(_ rank: Double) throws -> Double {
            var histogram = histogram
            // A new one is worked out after so many latencies.
            for _ in 0...64 { histogram.add(1_490_000, at: 1, window: 60 * second, rank: rank, minimumSamples: 10) }
            return Double(try #require(histogram.threshold))
        }
        let median = try percentile(0.5)
        #expect(abs(median / 1.49e6 - 1) < 0.05)
        #expect(try percentile(0.985) < 2_100_000)
        #expect(try percentile(0.995) > 90_000_000)
    }

    @Test("Latencies of no time and of years have their places")
    func extremes() throws {
        for (rank, thresholds) in [(0.5, 0...2000), (1, 3_600_000_000_000 ... .max)] as [(Double, ClosedRange<UInt64>)]
        {
            var histogram = LatencyHistogram(now: 0)
            for latency: UInt64 in [0, 1, .max] {
                histogram.add(latency, at: 0, window: 1, rank: rank, minimumSamples: 1)
            }
            #expect(thresholds.contains(try #require(histogram.threshold)))
        }
    }

    @Test("A key takes about a kibibyte")
    func memory() {
        let counts = (2 * LatencyHistogram.buckets + LatencyHistogram.slices) * MemoryLayout<UInt16>.size
        #expect(counts == 1152)
        #expect(counts + 32 + MemoryLayout<LatencyHistogram?>.stride <= 1280)
    }
}
