// What the connectors add to each span: requests of 1000 spans of ten attributes, with three labels beside the standard
// ones, a few hundred series, all known after the first round. With two threads, which send through one connector at the
// same time, the wall time of a span says how much they hinder each other: alone each would take as long as one thread.
//
//     swift run -c release ConnectorBenchmark [requests]

import CollectorConnectors
import CollectorCore
import CollectorTestKit
import Glibc
import OTLPWire

let rounds = max(1, CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 300)

/// The spans that one thread sends again and again.
typealias Requests = @Sendable (_ number: Int) throws -> Batch

/// - Parameter values: how many values `http.route` has.
func serverSpans(values: Int) -> Requests {
    { number in
        let spans = (0..<1000).map { position in
            let route = "/api/v1/carts/{id}/\((number * 1000 + position) % values)"
            var span = TestSpan(
                .test(UInt64(number * 1000 + position)), spanID: UInt64(position + 1),
                name: "GET /api/v1/carts/{id}/\(position % 20)", duration: .microseconds(position * 37),
                statusCode: position % 50 == 0 ? 2 : nil)
            span.attributes = attributes(position, route: route)
            return span
        }
        return try Batch(signal: .traces, requests: tracesRequest(spans))
    }
}

/// Clients' spans with the servers' they call, of one service each.
let pairs: Requests = { number in
    let clients = (0..<500).map { position in
        var span = TestSpan(
            .test(UInt64(number * 1000 + position)), spanID: UInt64(position + 1), kind: .client,
            duration: .microseconds(position * 37))
        span.attributes = attributes(position, route: "/api/v1/carts")
        return span
    }
    let servers = clients.map { client in
        var span = client
        (span.kind, span.parentSpanID, span.spanID) = (.server, client.spanID, client.spanID + 1000)
        return span
    }
    let requests =
        tracesRequest(resource: ["service.name": "shop"], clients)
        + tracesRequest(resource: ["service.name": "cart"], servers)
    return try Batch(signal: .traces, requests: requests)
}

func attributes(_ position: Int, route: String) -> TestAttributes {
    TestAttributes(
        [
            ("http.request.method", .string(["GET", "POST", "PUT"][position / 20 % 3])),
            ("http.response.status_code", .int([200, 201, 404, 500][position / 60 % 4])),
            ("http.route", .string(route)),
        ] + (0..<7).map { ("app.request.attribute.\($0)", .string("value-\(position % 7)-\($0)")) })
}

func nanoseconds(_ clock: clockid_t) -> Int {
    var time = timespec()
    // unsafe: clock_gettime fills the structure.
    unsafe clock_gettime(clock, &time)
    return time.tv_sec * 1_000_000_000 + time.tv_nsec
}

/// Counts the same requests again and again, with one thread and with two; prints what a span costs.
func measure(
    _ name: String, _ requests: Requests, _ make: (ComponentContext, RecordingConsumer) throws -> any ConsumingComponent
) async throws {
    let context = TestContext()
    let connector = try make(context.context(ComponentID(type: "connector")), RecordingConsumer())
    let batches = try (0..<20).map(requests)
    for batch in batches { _ = try connector.consume(batch) }
    var line = name
    for threads in [1, 2] {
        let (cpu, wall) = (nanoseconds(CLOCK_PROCESS_CPUTIME_ID), nanoseconds(CLOCK_MONOTONIC))
        try await withThrowingTaskGroup { group in
            for thread in 0..<threads {
                let own = Array(batches[thread * 10..<thread * 10 + 10])
                group.addTask {
                    for number in 0..<rounds { _ = try connector.consume(own[number % own.count]) }
                }
            }
            try await group.waitForAll()
        }
        let spent = nanoseconds(CLOCK_PROCESS_CPUTIME_ID) - cpu
        let passed = nanoseconds(CLOCK_MONOTONIC) - wall
        let spans = threads * rounds * 1000
        line += ", \(threads) thread\(threads > 1 ? "s" : ""): \(spent / spans) ns of CPU, \(passed / spans) ns passed"
    }
    let series = context.metric("otelcol_connector_span_metrics_series")
    let bytes = context.metric("otelcol_connector_span_metrics_series_bytes")
    if series > 0 { line += "; \(Int(series)) series of \(Int(bytes / series)) bytes" }
    print(line)
}

func spanMetrics(_ name: String, _ section: TestConfig, values: Int = 20) async throws {
    let (config, problems) = SpanMetricsFactory().read(section)
    precondition(problems.isEmpty, "\(problems)")
    try await measure("span_metrics, \(name)", serverSpans(values: values)) { context, sink in
        try SpanMetricsFactory().make(config, context, signal: .traces, next: [.metrics: sink])
    }
}

let dimensions: TestConfig = [
    ["name": "http.request.method"], ["name": "http.response.status_code"], ["name": "http.route"],
]
try await spanMetrics("no labels of its own", [:])
try await spanMetrics("three labels", ["dimensions": dimensions])
try await spanMetrics("three labels, exemplars", ["dimensions": dimensions, "exemplars": ["enabled": true]])
try await spanMetrics(
    "three labels, exponential histogram", ["dimensions": dimensions, "histogram": ["exponential": ["max_size": 160]]])
try await spanMetrics(
    "three labels, 9 of 10 spans folded", ["dimensions": dimensions, "dimension_cardinality_limit": 100], values: 1000)
let (graph, _) = ServiceGraphFactory().read([:])
try await measure("service_graph", pairs) { context, sink in
    try ServiceGraphFactory().make(graph, context, signal: .traces, next: [.metrics: sink])
}
