/// The shop's cumulative metrics: what its services would count themselves.
struct ShopMetrics: Sendable {
    struct Key: Hashable, Sendable {
        var service: String
        var route: String
        var status: Int
    }

    struct Histogram: Sendable {
        var counts = [UInt64](repeating: 0, count: ShopMetrics.bounds.count + 1)
        var sum = 0.0

        var count: UInt64 { counts.reduce(0, &+) }
    }

    /// Seconds; the advice of the semantic conventions for `http.server.request.duration`.
    static let bounds = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]

    let startNanoseconds: UInt64
    private(set) var durations: [Key: Histogram] = [:]
    private(set) var orders: UInt64 = 0

    init(startNanoseconds: UInt64) {
        self.startNanoseconds = startNanoseconds
    }

    /// Counts the server spans of a request.
    mutating func count(_ trace: ShopTrace) {
        for span in trace.spans where span.kind == .server {
            let seconds = Double(span.durationNanoseconds) / 1e9
            let key = Key(service: span.service, route: span.name, status: span.isError ? 500 : 200)
            let bucket = Self.bounds.firstIndex { seconds <= $0 } ?? Self.bounds.count
            durations[key, default: Histogram()].counts[bucket] &+= 1
            durations[key, default: Histogram()].sum += seconds
            if span.name == "POST /orders", !span.isError { orders &+= 1 }
        }
    }
}
