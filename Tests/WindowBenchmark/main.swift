// What the tail sampling window costs: CPU per span for arrival and decision, bytes per span and trace held. Requests
// of 1000 spans of about 450 bytes, five spans a trace, fresh trace ids, policies by status, latency and 1 %, and as many
// as wanted of those that look at spans' attributes.
//
//     swift run -c release WindowBenchmark [spans held, in thousands] [policies that look at attributes, 0 to 17]

import CollectorCore
import CollectorProcessors
import CollectorTestKit
import Glibc
import OTLPWire

let requests = max(1, CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 500)
let spansPerTrace = 5
let attributePolicies = CommandLine.arguments.dropFirst(2).first.flatMap { Int($0) } ?? 0

func request(_ number: Int) throws -> Batch {
    let spans = (0..<1000).map { position in
        let trace = UInt64(number * 1000 + position) / UInt64(spansPerTrace)
        var span = TestSpan(
            .test(trace), spanID: UInt64(number * 1000 + position + 1), name: "GET /api/v1/carts/{id}",
            statusCode: position % 500 == 0 ? 2 : nil)
        span.parentSpanID = position % spansPerTrace == 0 ? 0 : 1
        span.attributes = [
            "http.request.method": "GET", "http.route": .string("/api/v\(position % 3)/carts/{id}/items"),
            "http.response.status_code": position % 50 == 0 ? 404 : 200, "url.path": .string("/api/carts/\(position)"),
            "server.address": "shop.example.com", "client.address": .string("10.0.\(position % 7).\(position % 250)"),
            "network.protocol.version": "1.1", "user.tier": .string(["gold", "silver", "none"][position % 3]),
            "feature.fast_checkout": .bool(position % 2 == 0), "user_agent.original": "Mozilla/5.0 (X11; Linux x86_64)",
        ]
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

func policy(_ type: String, _ settings: TestConfig, number: Int = 0) -> TestConfig {
    .map([("name", .text("\(type) \(number)")), ("type", .scalar(type)), (type, settings)])
}

/// Typical ones, the first three the most typical, the last three the dearest.
let policiesOnAttributes: [(type: String, settings: TestConfig)] = [
    ("string_attribute", ["key": "service.name", "values": ["checkout", "payment"]]),
    ("numeric_attribute", ["key": "http.response.status_code", "min_value": 500, "max_value": 599]),
    ("string_attribute", ["key": "http.route", "values": ["/health", "/ready"], "invert_match": true]),
    ("string_attribute", ["key": "user.tier", "values": ["gold", "platinum"]]),
    ("boolean_attribute", ["key": "feature.fast_checkout", "value": true]),
    ("string_attribute", ["key": "http.route", "values": ["^/admin/.*"], "enabled_regex_matching": true]),
    ("string_attribute", ["key": "deployment.environment", "values": ["canary"]]),
    ("numeric_attribute", ["key": "retry.count", "min_value": 1]),
    ("string_attribute", ["key": "http.request.method", "values": ["DELETE", "PUT"]]),
    ("string_attribute", ["key": "server.address", "values": ["test.example.com"]]),
    ("string_attribute", ["key": "tenant.id", "values": ["acme", "initech", "hooli"]]),
    ("boolean_attribute", ["key": "debug", "value": true]),
    ("trace_state", ["key": "vendor", "values": ["a", "b"]]),
    ("trace_flags", [:]),
    ("string_attribute", ["key": "url.path", "values": ["/checkout$"], "enabled_regex_matching": true]),
    ("ottl_condition", ["span": [#"attributes["http.response.status_code"] >= 500"#]]),
    ("ottl_condition", ["spanevent": [#"name == "exception""#]]),
]

let (config, problems) = TailSamplingFactory().read([
    "decision_wait": "3600s", "max_buffer_mib": 4096,
    "policies": .list(
        [
            policy("status_code", ["status_codes": ["ERROR"]]), policy("latency", ["threshold_ms": 500]),
            policy("probabilistic", ["sampling_percentage": 1]),
        ]
            + policiesOnAttributes.prefix(attributePolicies).enumerated().map {
                policy($1.type, $1.settings, number: $0 + 1)
            }),
])
precondition(problems.isEmpty, "\(problems)")
let context = TestContext(budgetBytes: 8 << 30)
let sink = RecordingConsumer()
let sampler = try TailSamplingFactory().make(
    config, context.context(ComponentID(type: "tail_sampling")), signal: .traces, next: sink)

/// Lets `requests` requests arrive and be decided; prints what that took.
func round(_ number: Int) throws {
    var arrival = 0
    var bodyBytes = 0
    for position in 0..<requests {
        let batch = try request(number * requests + position)
        bodyBytes += batch.byteCount
        let start = cpuNanoseconds()
        _ = try sampler.consume(batch)
        arrival += cpuNanoseconds() - start
    }
    let held = context.metric("otelcol_processor_tail_sampling_buffer_bytes")
    let start = cpuNanoseconds()
    context.clock.advance(by: .seconds(3601))
    let decision = cpuNanoseconds() - start
    let spans = requests * 1000
    let kept = sink.batches.reduce(0) { $0 + $1.itemCount }
    sink.clear()
    print(
        "\(spans) spans of \(bodyBytes / spans) bytes: arrival \(arrival / spans) ns, decision \(decision / spans) ns,"
            + " held \(Int(held) / spans) bytes a span, kept \(kept)")
}

for number in 0..<5 { try round(number) }
