import OTLPWire

// The shop's telemetry as OTLP/JSON requests. Nothing in it needs escaping.

extension ShopTrace {
    /// An ExportTraceServiceRequest with the spans of one service; nil when it has none.
    func json(of service: String) -> String? {
        let own = spans.filter { $0.service == service }
        guard !own.isEmpty else { return nil }
        let items = own.map { json($0) }.joined(separator: ",")
        return """
            {"resourceSpans":[{"resource":\(resource(service)),"scopeSpans":[{"scope":{"name":"shop"},\
            "spans":[\(items)]}]}]}
            """
    }

    private func json(_ span: Span) -> String {
        let trace = TraceID(high: id.high, low: id.low)
        let parent = span.parent == 0 ? "" : #""parentSpanId":"\#(hexadecimal(span.parent))","#
        let status = span.isError ? #","status":{"code":2,"message":"out of luck"}"# : ""
        return """
            {"traceId":"\(trace)","spanId":"\(hexadecimal(span.id))",\(parent)"name":"\(span.name)",\
            "kind":\(span.kind.rawValue),"startTimeUnixNano":"\(span.startNanoseconds)",\
            "endTimeUnixNano":"\(span.startNanoseconds &+ span.durationNanoseconds)",\
            "attributes":[\(attributes(span))]\(status)}
            """
    }
}

extension ShopMetrics {
    /// An ExportMetricsServiceRequest with everything one service counts; nil when that is nothing.
    func json(of service: String, at now: UInt64) -> String? {
        let times = #""startTimeUnixNano":"\#(startNanoseconds)","timeUnixNano":"\#(now)""#
        let points = durations.filter { $0.key.service == service }.map { key, histogram in
            """
            {\(times),"attributes":[\(attributes(key.route.split(separator: " "), key.status))],\
            "count":"\(histogram.count)","sum":\(histogram.sum),\
            "bucketCounts":[\(histogram.counts.map { "\"\($0)\"" }.joined(separator: ","))],\
            "explicitBounds":[\(Self.bounds.map { "\($0)" }.joined(separator: ","))]}
            """
        }
        guard !points.isEmpty else { return nil }
        var metrics = [
            """
            {"name":"http.server.request.duration","unit":"s","description":"Duration of HTTP server requests.",\
            "histogram":{"aggregationTemporality":2,"dataPoints":[\(points.joined(separator: ","))]}}
            """
        ]
        if service == "checkout" {
            metrics.append(
                """
                {"name":"shop.orders","unit":"{order}","description":"Orders placed.","sum":{"isMonotonic":true,\
                "aggregationTemporality":2,"dataPoints":[{\(times),"asInt":"\(orders)"}]}}
                """)
        }
        return """
            {"resourceMetrics":[{"resource":\(resource(service)),"scopeMetrics":[{"scope":{"name":"shop"},\
            "metrics":[\(metrics.joined(separator: ","))]}]}]}
            """
    }
}

private func resource(_ service: String) -> String {
    """
    {"attributes":[\(attribute("service.name", service)),\(attribute("service.namespace", "shop")),\
    \(attribute("service.instance.id", "\(service)-1"))]}
    """
}

private func attributes(_ span: ShopTrace.Span) -> String {
    if let database = span.database {
        return "\(attribute("db.system", "postgresql")),\(attribute("db.name", database))"
    }
    switch span.kind {
    case .server, .client: return attributes(span.name.split(separator: " "), span.isError ? 500 : 200)
    case .producer, .consumer:
        return "\(attribute("messaging.system", "kafka")),\(attribute("messaging.destination.name", "orders"))"
    }
}

private func attributes(_ methodAndRoute: [Substring], _ status: Int) -> String {
    """
    \(attribute("http.request.method", methodAndRoute.first ?? "GET")),\
    \(attribute("http.route", methodAndRoute.last ?? "/")),\
    {"key":"http.response.status_code","value":{"intValue":"\(status)"}}
    """
}

private func attribute(_ key: String, _ value: some StringProtocol) -> String {
    #"{"key":"\#(key)","value":{"stringValue":"\#(value)"}}"#
}
