/// An ExportMetricsServiceRequest of `points` data points, twenty in each metric: histograms of ten buckets and sums in
/// turn, with three attributes each.
func metricBody(points: Int) -> [UInt8] {
    let resource = field(1, string: "service.name", "checkout") + field(1, string: "host.name", "node-17.example.com")
    var scopeMetrics = field(1, field(1, Array("io.opentelemetry.http".utf8)))
    for metric in 0..<(points / 20) {
        var data: [UInt8] = []
        for point in 0..<20 {
            data += field(1, metric % 2 == 0 ? histogramPoint(point) : numberPoint(point))
        }
        let name = field(1, Array("http.server.request.duration".utf8)) + field(3, Array("s".utf8))
        scopeMetrics += field(2, name + field(metric % 2 == 0 ? 9 : 7, data + [2 << 3, 2]))
    }
    return field(1, field(1, resource) + field(2, scopeMetrics))
}

private func attributes(_ number: UInt8, _ point: Int) -> [UInt8] {
    field(number, string: "http.request.method", "GET") + field(number, string: "http.route", "/api/v1/items/\(point)")
        + field(number, integer: "http.response.status_code", 200)
}

private func times() -> [UInt8] {
    fixed64(2, 1_790_000_000_000_000_000) + fixed64(3, 1_790_000_010_000_000_000)
}

private func histogramPoint(_ point: Int) -> [UInt8] {
    let counts = (0..<11).flatMap { littleEndian(UInt64($0)) }
    let bounds = (1...10).flatMap { littleEndian(Double($0).bitPattern) }
    return times() + fixed64(4, 55) + fixed64(5, Double(123.5).bitPattern) + field(6, counts) + field(7, bounds)
        + attributes(9, point)
}

private func numberPoint(_ point: Int) -> [UInt8] {
    times() + fixed64(6, UInt64(point)) + attributes(7, point)
}

private func fixed64(_ number: UInt8, _ value: UInt64) -> [UInt8] { [number << 3 | 1] + littleEndian(value) }
