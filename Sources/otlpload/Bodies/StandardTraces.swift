import CollectorCore

/// Trace requests of HTTP server spans: 447 bytes and ten attributes each, the spans of one trace in a row; one span in
/// two hundred is an error, another one slow.
enum StandardTraces {
    /// The bytes of a Span message, without its tag and length.
    static let spanSize = 447

    /// How the spans belong together, and what else than their ids differs from request to request.
    struct Shape: Sendable {
        var spansPerTrace = 10
        /// Whether every request has a service name of its own, and every span a name and a path of its own.
        var churns = false
    }

    private static let routes = [
        "/api/v1/carts/{id}", "/api/v1/items/{id}", "/api/v1/users/{id}", "/api/v1/orders/{id}",
    ]
    private static let methods = ["GET", "GET", "GET", "POST", "PUT"]
    /// Cut to what is missing from `spanSize`.
    private static let userAgent =
        "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0 shop-client/4.18.2 (build 20260214; "
        + "channel stable; locale en-GB; session sticky) okhttp/5.1.0 libcurl/8.14.1 OpenSSL/3.5.1 zlib/1.3.1 brotli"

    /// - Parameters:
    ///   - seed: bodies of different seeds differ in all ids and values.
    ///   - wallTime: when the spans are said to have started, nanoseconds since 1970-01-01 UTC.
    static func body(spans: Int, seed: UInt64, wallTime: UInt64, shape: Shape = Shape()) -> StandardBody {
        var random = SplitMix64(seed: seed)
        var resource: [UInt8] = []
        resource.append(attribute: 1, "service.name", shape.churns ? "checkout-00000000" : "checkout")
        let resourceChurn = shape.churns ? [resource.count - 8] : []
        resource.append(attribute: 1, "host.name", "node-17.example.com")
        var scope: [UInt8] = []
        scope.append(field: 1, "io.opentelemetry.http")
        scope.append(field: 2, "2.1.0")
        var scopeSpans: [UInt8] = []
        scopeSpans.append(field: 1, scope)
        var offsets: [Int] = []
        var churn: [Int] = []
        var traceID: (UInt64, UInt64) = (0, 0)
        var root: UInt64 = 0
        for number in 0..<spans {
            let id = random.next() | 1
            if number.isMultiple(of: shape.spansPerTrace) {
                traceID = (random.next() | 1, random.next())
                root = 0
            }
            let (span, labels) = span(
                traceID: traceID, id: id, parent: root, wallTime: wallTime, churns: shape.churns, &random)
            if root == 0 { root = id }
            scopeSpans.append(field: 2, span)
            let start = scopeSpans.count - span.count
            // The trace id is the span's first field: behind its tag and length.
            offsets.append(start + 2)
            churn += labels.map { start + $0 }
        }
        return StandardBody(
            signal: .traces, itemCount: spans, items: scopeSpans, resource: resource,
            stamps: .traceIDs(offsets, perTrace: shape.spansPerTrace), churn: (resourceChurn, churn))
    }

    /// The Span message, and where in it the digits of churning labels begin.
    /// - Parameter parent: 0 for a root span.
    private static func span(
        traceID: (UInt64, UInt64), id: UInt64, parent: UInt64, wallTime: UInt64, churns: Bool,
        _ random: inout SplitMix64
    ) -> (bytes: [UInt8], churn: [Int]) {
        let lot = Int.random(in: 0..<200, using: &random)
        let isError = lot == 0
        let milliseconds = lot == 1 ? 2_500 : UInt64.random(in: 1...80, using: &random)
        let route = Int.random(in: 0..<routes.count, using: &random)
        let method = methods[Int.random(in: 0..<methods.count, using: &random)]
        let item = Int.random(in: 10_000_000...99_999_999, using: &random)
        var span: [UInt8] = []
        span.append(field: 1, bytes(traceID.0) + bytes(traceID.1))
        span.append(field: 2, bytes(id))
        if parent != 0 { span.append(field: 4, bytes(parent)) }
        span.append(field: 5, "\(method) \(routes[route])" + (churns ? " 00000000" : ""))
        var churn = churns ? [span.count - 8] : []
        span.append(field: 6, varint: parent == 0 ? 2 : 1)
        span.append(field: 7, fixed64: wallTime)
        span.append(field: 8, fixed64: wallTime &+ milliseconds &* 1_000_000)
        span.append(attribute: 9, "http.request.method", method)
        span.append(attribute: 9, "url.scheme", "https")
        span.append(attribute: 9, "url.path", routes[route].prefix { $0 != "{" } + "\(item)")
        if churns { churn.append(span.count - 8) }
        span.append(attribute: 9, "http.route", routes[route])
        span.append(attribute: 9, "server.address", "shop.example.com")
        span.append(attribute: 9, "server.port", 443)
        span.append(attribute: 9, "http.response.status_code", isError ? 503 : 200)
        span.append(attribute: 9, "network.protocol.version", "2")
        span.append(attribute: 9, "client.address", "203.0.113.\(Int.random(in: 0..<256, using: &random))")
        var status: [UInt8] = []
        status.append(field: 15, isError ? [3 << 3, 2] : [3 << 3, 1])
        var empty: [UInt8] = []
        empty.append(attribute: 9, "user_agent", "")
        let missing = max(0, spanSize - span.count - status.count - empty.count)
        span.append(attribute: 9, "user_agent", String(userAgent.prefix(missing)))
        return (span + status, churn)
    }

    private static func bytes(_ value: UInt64) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(littleEndian: value)
        return bytes
    }
}

extension [UInt8] {
    fileprivate mutating func append(attribute number: UInt64, _ key: String, _ text: some StringProtocol) {
        append(attribute: number, key, String(text))
    }
}
