// The request bodies that are measured: the shape of ordinary HTTP server spans, so that numbers carry over.

/// The bytes of a span message in these bodies, without its tag and length.
let spanSize = 447

/// An ExportTraceServiceRequest of `spans` spans with ten attributes each, under one resource and one scope.
func traceBody(spans: Int) -> [UInt8] {
    let resource = field(1, string: "service.name", "checkout") + field(1, string: "host.name", "node-17.example.com")
    let scope = field(1, Array("io.opentelemetry.http".utf8)) + field(2, Array("2.1.0".utf8))
    var scopeSpans = field(1, scope)
    for number in 0..<spans { scopeSpans += field(2, span(number)) }
    return field(1, field(1, resource) + field(2, scopeSpans))
}

private func span(_ number: Int) -> [UInt8] {
    let seed = UInt64(number &+ 1) &* 0x9e37_79b9_7f4a_7c15
    var bytes =
        field(1, littleEndian(seed) + littleEndian(~seed)) + field(2, littleEndian(seed))
        + field(4, littleEndian(seed ^ 0xff))
    bytes += field(5, Array("GET /api/v1/carts/{id}".utf8))
    bytes += [6 << 3, 2]
    bytes +=
        [7 << 3 | 1] + littleEndian(1_790_000_000_000_000_000) + [8 << 3 | 1] + littleEndian(1_790_000_000_012_000_000)
    bytes += field(9, string: "http.request.method", "GET")
    bytes += field(9, string: "url.scheme", "https")
    bytes += field(9, string: "url.path", "/api/v1/carts/31415926")
    bytes += field(9, string: "http.route", "/api/v1/carts/{id}")
    bytes += field(9, string: "server.address", "shop.example.com")
    bytes += field(9, integer: "server.port", 443)
    bytes += field(9, integer: "http.response.status_code", 200)
    bytes += field(9, string: "network.protocol.version", "2")
    bytes += field(9, string: "client.address", "203.0.113.195")
    let status = field(15, [3 << 3, 1])
    let rest = spanSize - bytes.count - status.count - field(9, string: "user_agent", "").count
    bytes += field(9, string: "user_agent", String(repeating: "u", count: max(0, rest)))
    return bytes + status
}
