// What the tail sampling window costs: CPU per span for arrival and decision, bytes per span and trace held. Requests
// of 1000 spans of about 450 bytes, five spans a trace, fresh trace ids, policies by status, latency and 1 %.
//
//     swift run -c release WindowBenchmark [spans held, in thousands]

import CollectorCore
import CollectorProcessors
import CollectorTestKit
import Glibc
import OTLPWire

let requests = max(1, CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 500)
let spansPerTrace = 5

func request(_ number: Int) throws -> Batch {
    let spans = (0..<1000).map { position in
        let trace = UInt64(number * 1000 + position) / UInt64(spansPerTrace)
        var span = TestSpan(
            .test(trace), spanID: UInt64(number * 1000 + position + 1), name: "GET /api/v1/carts/{id}",
            statusCode: position % 500 == 0 ? 2 : nil)
        span.parentSpanID = position % spansPerTrace == 0 ? 0 : 1
        span.attributes = TestAttributes(
            (0..<10).map { ("http.request.attribute.\($0)", .string("value-\(position % 7)-\($0)")) })
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

func policy(_ type: String, _ settings: TestConfig) -> TestConfig {
    .map([("name", .scalar(type)), ("type", .scalar(type)), (type, settings)])
}

let (config, problems) = TailSamplingFactory().read([
    "decision_wait": "3600s", "max_buffer_mib": 4096,
    "policies": .list([
        policy("status_code", ["status_codes": ["ERROR"]]), policy("latency", ["threshold_ms": 500]),
        policy("probabilistic", ["sampling_percentage": 1]),
    ]),
])
precondition(problems.isEmpty)
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
