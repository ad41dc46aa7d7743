import CollectorCore

/// The unit that durations are told in.
enum DurationUnit: String, CaseIterable, Sendable {
    case milliseconds = "ms"
    case seconds = "s"

    var nanoseconds: Double { self == .seconds ? 1e9 : 1e6 }
}

/// The explicit buckets of durations, compared as whole nanoseconds.
struct HistogramBounds: Sendable {
    /// Increasing.
    let nanoseconds: [UInt64]
    /// The bit patterns of the bounds in the metric's unit, as points carry them.
    let encoded: [UInt64]

    init(_ bounds: [Duration], unit: DurationUnit) {
        nanoseconds = bounds.map(\.nanoseconds)
        encoded = nanoseconds.map { (Double($0) / unit.nanoseconds).bitPattern }
    }

    /// The buckets of the OpenTelemetry Collector.
    static let standard: [Duration] = [2, 4, 6, 8, 10, 50, 100, 200, 400, 800, 1000, 1400, 2000, 5000, 10_000, 15_000]
        .map { .milliseconds($0) }

    /// Buckets including the one without a bound.
    var bucketCount: Int { nanoseconds.count + 1 }

    /// The bucket a duration belongs to: lower bound < duration ≤ upper bound.
    func bucket(_ duration: UInt64) -> Int {
        var low = 0
        var high = nanoseconds.count
        while low < high {
            let middle = (low &+ high) / 2
            if nanoseconds[middle] < duration { low = middle &+ 1 } else { high = middle }
        }
        return low
    }
}

extension ConfigReader {
    /// Bucket bounds: durations, increasing and above zero.
    func bounds(_ key: String, default fallback: [Duration] = HistogramBounds.standard) -> [Duration] {
        let bounds = durations(key, default: fallback)
        if zip(bounds, bounds.dropFirst()).contains(where: { $0 >= $1 }) {
            error(key, "must be in increasing order, each bound once")
            return fallback
        }
        return bounds
    }
}
