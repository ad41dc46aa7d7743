import CollectorCore

/// Metrics requests of cumulative histograms (ten bounds) and sums in turn, twenty data points of three attributes each
/// in a metric. Each body has series of its own.
enum StandardMetrics {
    static let pointsPerMetric = 20

    /// - Parameters:
    ///   - seed: goes into `service.instance.id`, so bodies of different seeds have different series.
    ///   - wallTime: of the points, nanoseconds since 1970-01-01 UTC; they started a minute earlier.
    static func body(points: Int, seed: UInt64, wallTime: UInt64) -> StandardBody {
        var random = SplitMix64(seed: seed)
        var resource: [UInt8] = []
        resource.append(attribute: 1, "service.name", "checkout")
        resource.append(attribute: 1, "service.instance.id", "checkout-\(seed)")
        var scope: [UInt8] = []
        scope.append(field: 1, "io.opentelemetry.http")
        var scopeMetrics: [UInt8] = []
        scopeMetrics.append(field: 1, scope)
        var offsets: [Int] = []
        for first in stride(from: 0, to: points, by: pointsPerMetric) {
            let number = first / pointsPerMetric
            let isHistogram = number.isMultiple(of: 2)
            var data: [UInt8] = []
            // From the start of `data`; moved to the start of `scopeMetrics` below.
            var times: [Int] = []
            for point in first..<min(points, first + pointsPerMetric) {
                let bytes = self.point(point, isHistogram: isHistogram, wallTime: wallTime, &random)
                data.append(field: 1, bytes)
                times.append(data.count - bytes.count + timeOffset)
            }
            data.append(field: 2, varint: 2)
            if !isHistogram { data.append(field: 3, varint: 1) }
            var metric: [UInt8] = []
            metric.append(field: 1, (isHistogram ? "http.server.request.duration." : "shop.cart.items.") + "\(number)")
            metric.append(field: 3, isHistogram ? "s" : "{item}")
            metric.append(field: isHistogram ? 9 : 7, data)
            scopeMetrics.append(field: 2, metric)
            offsets += times.map { scopeMetrics.count - data.count + $0 }
        }
        return StandardBody(
            signal: .metrics, itemCount: points, items: scopeMetrics, resource: resource,
            stamps: .times(offsets))
    }

    /// Where the value of `time_unix_nano` stands in a point: behind `start_time_unix_nano` and its own tag.
    private static let timeOffset = 10

    private static func point(
        _ number: Int, isHistogram: Bool, wallTime: UInt64, _ random: inout SplitMix64
    ) -> [UInt8] {
        var point: [UInt8] = []
        point.append(field: 2, fixed64: wallTime &- 60_000_000_000)
        point.append(field: 3, fixed64: wallTime)
        if isHistogram {
            let counts = (0..<11).map { _ in UInt64.random(in: 0..<1000, using: &random) }
            point.append(field: 4, fixed64: counts.reduce(0, +))
            point.append(field: 5, fixed64: (Double(counts.reduce(0, +)) * 0.25).bitPattern)
            point.append(field: 6, packed(counts))
            point.append(field: 7, packed((0..<10).map { (0.005 * Double(1 << $0)).bitPattern }))
        } else {
            point.append(field: 6, fixed64: UInt64.random(in: 0..<1_000_000, using: &random))
        }
        let attributes: UInt64 = isHistogram ? 9 : 7
        point.append(attribute: attributes, "http.request.method", number.isMultiple(of: 2) ? "GET" : "POST")
        point.append(attribute: attributes, "http.route", "/api/v1/items/\(number)")
        point.append(attribute: attributes, "http.response.status_code", 200)
        return point
    }

    private static func packed(_ values: [UInt64]) -> [UInt8] {
        var bytes: [UInt8] = []
        for value in values { bytes.append(littleEndian: value) }
        return bytes
    }
}
