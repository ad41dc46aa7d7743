import CollectorCore
import CollectorTestKit
import OTLPWire
import Testing

@testable import CollectorProcessors

/// Requests that are large in one respect: their cost is that of their size.
@Suite("tail_sampling: large requests")
struct LargeRequestTests {
    private static let everything: TestConfig = [
        "decision_wait": "1s", "num_shards": 1, "policies": policy("always_sample"),
    ]

    @Test("A request of many thousand spans is taken piece by piece and comes out whole and in order")
    func manySpans() throws {
        let harness = try TailSamplingHarness([
            "decision_wait": "1s", "num_shards": 2, "policies": policy("latency_percentile", ["percentile": 50]),
        ])
        let count = 3 * Arrival.spansAtOnce + 7
        let spans = (0..<count).map { TestSpan(.test(UInt64($0 % 1000)), spanID: UInt64($0) + 1, name: "\($0 % 20)") }
        try harness.send(tracesRequest(spans))
        harness.decideAll()
        var received: [TraceID: [UInt64]] = [:]
        for span in try harness.received() { received[span.traceID, default: []].append(span.spanID) }
        for (trace, ids) in received {
            #expect(ids == spans.filter { $0.traceID == trace }.map(\.spanID))
        }
        #expect(harness.metric("new_trace_id_received") == 1000)
        #expect(harness.context.account.imbalance == nil)
    }

    /// A resource of a megabyte and twenty thousand small spans, each of the trace that `trace` says.
    private static func largeResource(_ trace: (UInt64) -> TraceID = { .test($0) }) -> [UInt8] {
        tracesRequest(
            resource: ["blob": .string(String(repeating: "x", count: 1 << 20))],
            (0..<20_000 as Range<UInt64>).map { TestSpan(trace($0), spanID: $0 + 1) })
    }

    @Test("A resource of a megabyte is not sent again with every few spans, whatever lets them out")
    func largeResources() async throws {
        let whole = Self.largeResource()
        let settings: [TestConfig] = [
            Self.everything,
            // Each decides on arrival.
            ["num_shards": 1, "sampling_strategy": "span-ingest", "policies": policy("always_sample")],
            ["num_shards": 1, "num_traces": 10, "policies": policy("always_sample")],
            // Decided by the end.
            ["num_shards": 1, "decision_wait": "1h", "policies": policy("always_sample")],
        ]
        for section in settings {
            let harness = try TailSamplingHarness(section)
            try harness.send(whole)
            harness.decideAll()
            await harness.context.clock.shutDown(harness.processor, within: .seconds(5))
            #expect(harness.sink.batches.reduce(0) { $0 + $1.itemCount } == 20_000)
            #expect(harness.sink.batches.reduce(0) { $0 + $1.byteCount } < 4 * whole.count)
            #expect(harness.context.account.imbalance == nil)
        }
        // Late ones.
        let harness = try TailSamplingHarness(Self.everything)
        try harness.send(TestSpan(.test(1)))
        harness.decideAll()
        try harness.send(Self.largeResource { _ in .test(1) })
        #expect(harness.sink.batches.reduce(0) { $0 + $1.itemCount } == 20_001)
        #expect(harness.sink.batches.reduce(0) { $0 + $1.byteCount } < 2 * whole.count)
    }

    @Test("Many resources that are each larger than their spans do not make lock holds long")
    func manyResources() throws {
        let harness = try TailSamplingHarness(Self.everything)
        let filler = String(repeating: "x", count: 2000)
        for number in 0..<2000 as Range<UInt64> {
            try harness.send(TestSpan(.test(number)), resource: ["pod": .string("\(number)\(filler)")])
        }
        harness.decideAll()
        let bodies = harness.sink.batches.flatMap(\.segments)
        #expect(bodies.reduce(0) { $0 + $1.itemCount } == 2000)
        #expect(bodies.allSatisfy { $0.itemCount <= 64 })
    }

    @Test("What is kept leaves while a large request comes in, and is charged even beyond the budget")
    func departsOnTheWay() throws {
        let harness = try TailSamplingHarness(
            ["max_buffer_mib": 8, "num_shards": 1, "decision_wait": "1h", "policies": policy("always_sample")],
            budgetBytes: 16 << 20)
        let filler = String(repeating: "x", count: 400)
        let request = tracesRequest(
            (0..<40_000).map { TestSpan(.test(UInt64($0)), attributes: ["a": .string(filler)]) })
        try harness.send(request)
        // The sink keeps all of it, so nothing is given back.
        #expect(harness.sink.batches.count > 2)
        #expect(harness.sink.batches.allSatisfy { $0.byteCount < 6 << 20 })
        let kept = harness.sink.batches.reduce(0) { $0 + $1.byteCount }
        #expect(harness.context.budget.usedBytes > kept)
        #expect(throws: DeliveryError.self) { try harness.context.budget.reserve(1 << 20) }
        harness.sink.clear()
        _ = try harness.context.budget.reserve(1 << 20)
        #expect(harness.context.account.imbalance == nil)
    }
}
