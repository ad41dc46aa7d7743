// What `span_metrics` adds to each span: requests of 1000 spans of ten attributes, three labels beside the standard ones,
// a few hundred series, all known after the first round.
//
//     swift run -c release ConnectorBenchmark [requests]

import CollectorConnectors
import CollectorCore
import CollectorTestKit
import Glibc
import OTLPWire

let rounds = max(1, CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 300)

func request(_ number: Int) throws -> Batch {
    let spans = (0..<1000).map { position in
        var span = TestSpan(
            .test(UInt64(number * 1000 + position)), spanID: UInt64(position + 1),
            name: "GET /api/v1/carts/{id}/\(position % 20)", duration: .microseconds(position * 37),
            statusCode: position % 50 == 0 ? 2 : nil)
        span.attributes = TestAttributes(
            [
                ("http.request.method", .string(["GET", "POST", "PUT"][position / 20 % 3])),
                ("http.response.status_code", .int([200, 201, 404, 500][position / 60 % 4])),
                ("http.route", .string("/api/v1/carts/{id}/\(position % 20)")),
            ] + (0..<7).map { ("app.request.attribute.\($0)", .string("value-\(position % 7)-\($0)")) })
        return span
    }
    return try Batch(signal: .traces, requests: tracesRequest(spans))
}

func cpuNanoseconds() -> Int {
    var time = timespec()
    // unsafe: clock_gettime fills the structure.
    unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return time.tv_sec * 1_000_000_000 + time.tv_nsec
}

/// Counts the same requests again and again; prints what a span costs, and a flush.
func measure(_ name: String, _ section: TestConfig) throws {
    let (config, problems) = SpanMetricsFactory().read(section)
    precondition(problems.isEmpty, "\(problems)")
    let context = TestContext()
    let sink = RecordingConsumer()
    let connector = try SpanMetricsFactory().make(
        config, context.context(ComponentID(type: "span_metrics")), signal: .traces, next: [.metrics: sink])
    let batches = try (0..<10).map(request)
    for batch in batches { _ = try connector.consume(batch) }
    let start = cpuNanoseconds()
    for number in 0..<rounds { _ = try connector.consume(batches[number % batches.count]) }
    let spent = cpuNanoseconds() - start
    let series = context.metric("otelcol_connector_span_metrics_series")
    let bytes = context.metric("otelcol_connector_span_metrics_series_bytes")
    print("\(name): \(spent / rounds / 1000) ns a span, \(Int(series)) series of \(Int(bytes / series)) bytes")
}

let dimensions: TestConfig = [
    ["name": "http.request.method"], ["name": "http.response.status_code"], ["name": "http.route"],
]
try measure("no labels of its own", [:])
try measure("three labels", ["dimensions": dimensions])
try measure("three labels, exemplars", ["dimensions": dimensions, "exemplars": ["enabled": true]])
try measure(
    "three labels, exponential histogram", ["dimensions": dimensions, "histogram": ["exponential": ["max_size": 160]]])
