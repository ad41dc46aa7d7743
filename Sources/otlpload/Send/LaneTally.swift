/// What happened to the requests of one lane, or of several together.
struct LaneTally: Sendable {
    var requests = 0
    var takenItems = 0
    var rejectedItems = 0
    /// By status.
    var errors: [String: Int] = [:]
    /// Nanoseconds of each request, answered with whatever status.
    var latencies: [UInt64] = []

    mutating func add(_ other: LaneTally) {
        requests += other.requests
        takenItems += other.takenItems
        rejectedItems += other.rejectedItems
        errors.merge(other.errors, uniquingKeysWith: +)
        latencies += other.latencies
    }
}

/// The distribution of latencies.
struct LatencySummary: Sendable, Equatable {
    /// The shares that are reported, and their names.
    static let quantiles: [(name: String, share: Double)] = [
        ("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99.9", 0.999), ("max", 1),
    ]

    /// Nanoseconds, in the order of `quantiles`; empty without requests.
    let values: [UInt64]

    /// By the nearest rank: each value is the latency of some request.
    init(_ latencies: [UInt64]) {
        let sorted = latencies.sorted()
        guard !sorted.isEmpty else {
            values = []
            return
        }
        values = Self.quantiles.map { quantile in
            let rank = (quantile.share * Double(sorted.count)).rounded(.up)
            return sorted[min(sorted.count, max(1, Int(rank))) - 1]
        }
    }
}
