import CollectorCore
import CollectorTestKit
import OTLPWire
import Testing

@testable import CollectorProcessors

@Suite("tail_sampling: the window")
struct TailSamplingWindowTests {
    typealias Dice = SlotTableTests.Dice

    /// Requests of traces over several services and scopes, some spans large, some errors.
    private func corpus(_ dice: inout Dice, traces: Int) -> [(span: TestSpan, service: Int, scope: Int)] {
        (0..<traces).flatMap { trace in
            (0..<(1 + Int(dice.next() % 8))).map { number in
                var span = TestSpan(
                    .test(UInt64(trace)), spanID: UInt64(number + 1),
                    start: 1_700_000_000_000_000_000 + dice.next() % 2_000_000_000,
                    duration: .milliseconds(Int64(dice.next() % 600)), statusCode: dice.next() % 20 == 0 ? 2 : nil)
                span.parentSpanID = number == 0 ? 0 : 1
                let padding = dice.next() % 50 == 0 ? 3000 : Int(dice.next() % 300)
                span.attributes = ["pad": .string(String(repeating: "p", count: padding))]
                return (span, Int(dice.next() % 5), Int(dice.next() % 3))
            }
        }
    }

    private func request(_ items: [(span: TestSpan, service: Int, scope: Int)]) -> [UInt8] {
        ProtobufMessage { request in
            for (service, members) in Dictionary(grouping: items, by: \.service).sorted(by: { $0.key < $1.key }) {
                request.message(1) { group in
                    group.message(1) { $0.attributes(1, ["service.name": .string("service-\(service)")]) }
                    for (scope, spans) in Dictionary(grouping: members, by: \.scope).sorted(by: { $0.key < $1.key }) {
                        group.message(2) { inner in
                            inner.message(1) { $0.string(1, "scope-\(scope)") }
                            for item in spans { inner.bytes(2, item.span.encoded) }
                            inner.string(3, "https://example.com/scope/\(scope)")
                        }
                    }
                    group.string(3, "https://example.com/resource/\(service)")
                    group.varint(99, UInt64(service))
                }
            }
        }.bytes
    }

    private static let policies: TestConfig = [
        ["name": "errors", "type": "status_code", "status_code": ["status_codes": ["ERROR"]]],
        ["name": "slow", "type": "latency", "latency": ["threshold_ms": 1900]],
        ["name": "some", "type": "probabilistic", "probabilistic": ["sampling_percentage": 20]],
    ]

    @Test(
        "However spans are cut and interleaved, the same traces are kept, whole (conformance 203, 218, 229)",
        arguments: [1, 2, 3, 4])
    func decisionDoesNotDependOnTheCut(seed: UInt64) throws {
        var dice = Dice(state: seed)
        let items = corpus(&dice, traces: 300)
        let sent = try wholeSpans(request(items))
        var outcomes: [Set<TraceID>] = []
        for cut in [items.count, 200, 7, 1] {
            let harness = try TailSamplingHarness(["num_shards": 3, "policies": Self.policies])
            let order = cut == items.count ? items : items.shuffled(using: &dice)
            for start in stride(from: 0, to: order.count, by: cut) {
                try harness.send(request(Array(order[start..<min(order.count, start + cut)])))
            }
            harness.decideAll()
            let received = try harness.received()
            let kept = Set(received.map(\.traceID))
            outcomes.append(kept)
            let expected = sent.filter { kept.contains($0.traceID) }
            #expect(received.map(\.withoutOwnBytes).tally == expected.map(\.withoutOwnBytes).tally)
            // Without a threshold to write, spans are the same bytes.
            let untouched = Set(received.filter { $0.traceState.isEmpty }.map(\.traceID))
            #expect(
                received.filter { untouched.contains($0.traceID) }.tally
                    == expected.filter { untouched.contains($0.traceID) }.tally)
            #expect(harness.context.account.imbalance == nil)
        }
        #expect(!outcomes[0].isEmpty)
        #expect(outcomes.allSatisfy { $0 == outcomes[0] })
    }

    @Test("The order of a trace's spans is kept within a scope")
    func keepsTheOrder() throws {
        let harness = try TailSamplingHarness(["policies": policy("always_sample")])
        // A short trace, and one that leaves in several bodies.
        for (trace, last) in [(1, 200), (2, 5000)] as [(UInt64, UInt64)] {
            for id in 1...last { try harness.send(TestSpan(.test(trace), spanID: id)) }
        }
        harness.decideAll()
        for (trace, last) in [(1, 200), (2, 5000)] as [(UInt64, UInt64)] {
            #expect(try harness.received().filter { $0.traceID == .test(trace) }.map(\.spanID) == Array(1...last))
        }
    }

    @Test(
        "Under pressure the oldest traces are decided early, never lost, and memory stays bounded", arguments: [1, 2])
    func pressure(seed: UInt64) throws {
        var dice = Dice(state: seed)
        let harness = try TailSamplingHarness([
            "max_buffer_mib": 1, "num_shards": 1, "decision_wait": "60s", "policies": policy("always_sample"),
        ])
        let items = corpus(&dice, traces: 4000).shuffled(using: &dice)
        let sent = try wholeSpans(request(items))
        for start in stride(from: 0, to: items.count, by: 400) {
            try harness.send(request(Array(items[start..<min(items.count, start + 400)])))
            harness.advance(.milliseconds(100))
            #expect(harness.metric("buffer_bytes") <= Double(1 << 20))
            #expect(harness.context.account.imbalance == nil)
        }
        #expect(harness.metric("decisions", ["trigger": "pressure"]) > 0)
        harness.advance(.seconds(61))
        #expect(try harness.received().tally == sent.tally)
        #expect(harness.context.account.imbalance == nil)
    }

    @Test("A few slow traces do not keep all memory: sparse segments are emptied, spans and order unharmed")
    func evacuation() throws {
        let harness = try TailSamplingHarness([
            "max_buffer_mib": 2, "num_shards": 1, "decision_wait": "60s", "decision_wait_after_root_received": "1ms",
            "policies": policy("always_sample"),
        ])
        // Every 40th trace has no root and waits; all others leave at once.
        var number: UInt64 = 0
        for _ in 0..<200 {
            let items = (0..<100).flatMap { position in
                number += 1
                return (1...2).map { id in
                    var span = TestSpan(.test(number), spanID: UInt64(id))
                    span.attributes = ["pad": .string(String(repeating: "p", count: 200))]
                    span.parentSpanID = position % 40 == 0 || id == 1 ? 7 : 0
                    return (span: span, service: position % 4, scope: 0)
                }
            }
            try harness.send(request(items))
            harness.advance(.milliseconds(20))
        }
        #expect(harness.metric("decisions", ["trigger": "pressure"]) == 0)
        #expect(harness.metric("sampling_traces_on_memory") == 600)
        harness.advance(.seconds(61))
        #expect(try harness.received().count == 40_000)
        for (_, spans) in Dictionary(grouping: try harness.received(), by: \.traceID) {
            #expect(spans.map(\.spanID) == [1, 2])
        }
        #expect(harness.context.account.imbalance == nil)
    }

    @Test("A trace of very many spans is decided, leaves in steps and stays within the bound")
    func giantTrace() throws {
        let harness = try TailSamplingHarness([
            "max_buffer_mib": 8, "num_shards": 1, "policies": policy("status_code", ["status_codes": ["ERROR"]]),
        ])
        for round in 0..<60 as Range<UInt64> {
            let spans = (0..<1000 as Range<UInt64>).map {
                TestSpan(.test(1), spanID: round * 1000 + $0 + 1, statusCode: 2)
            }
            try harness.send(tracesRequest(spans))
            #expect(harness.metric("buffer_bytes") <= Double(8 << 20))
        }
        harness.decideAll()
        let received = try harness.received()
        #expect(received.count == 60_000)
        #expect(Set(received.map(\.spanID)).count == 60_000)
        #expect(harness.context.account.imbalance == nil)
    }

    @Test("Spans and resources larger than a segment are held; one larger than the window is decided at once")
    func largeSpans() throws {
        let harness = try TailSamplingHarness([
            "max_buffer_mib": 4, "num_shards": 1, "policies": policy("always_sample"),
        ])
        let large = String(repeating: "x", count: 700_000)
        try harness.send(TestSpan(.test(1), name: large))
        try harness.send(TestSpan(.test(2)), resource: ["service.name": .string(large)])
        try harness.send(TestSpan(.test(3)))
        #expect(harness.sink.batches.isEmpty)
        try harness.send(TestSpan(.test(4), name: String(repeating: "x", count: 5 << 20)))
        #expect(try harness.receivedTraces().contains(.test(4)))
        #expect(harness.metric("buffer_bytes") <= Double(4 << 20))
        harness.decideAll()
        #expect(try harness.received().count == 4)
        #expect(harness.context.account.imbalance == nil)
    }

    @Test("Spans that all have a resource of their own do not make the window move them around for ever")
    func ownResources() throws {
        let harness = try TailSamplingHarness(
            ["max_buffer_mib": 2, "num_shards": 1, "policies": policy("always_sample")], budgetBytes: 64 << 20)
        let spans: UInt64 = 12_000
        for number in 0..<spans / 200 {
            var request: [UInt8] = []
            for position in 0..<200 as Range<UInt64> {
                let name = "service-\(number)-\(position)-\(String(repeating: "x", count: 300))"
                request += tracesRequest(
                    resource: ["service.name": .string(name)], [TestSpan(.test(number * 200 + position))])
            }
            try harness.send(request)
        }
        harness.decideAll()
        #expect(try harness.received().count == spans)
        #expect(harness.context.account.imbalance == nil)
    }

    @Test("After a burst the memory goes back, and the budget with it")
    func memoryReturns() async throws {
        let harness = try TailSamplingHarness([
            "decision_wait": "1s", "num_shards": 1, "decision_records": 1000, "policies": Self.policies,
        ])
        try await harness.processor.start()
        for round in 0..<20 as Range<UInt64> {
            try harness.send(tracesRequest((0..<2000).map { TestSpan(.test(round * 2000 + $0)) }))
        }
        let peak = harness.context.budget.usedBytes
        #expect(peak > 5 << 20)
        harness.advance(.seconds(40))
        harness.sink.clear()
        // What the caches and records of decisions hold stays.
        #expect(harness.metric("buffer_bytes") < Double(4 << 20))
        #expect(harness.context.budget.usedBytes < 4 << 20)
        await harness.shutdown()
    }

    @Test("A window grows up to where requests still find room, however much it may hold")
    func growthEndsBelowTheSoftLimit() throws {
        let harness = try TailSamplingHarness(
            [
                "max_buffer_mib": 64, "num_shards": 1, "decision_wait": "1h",
                "policies": policy("status_code", ["status_codes": ["ERROR"]]),
            ], budgetBytes: 16 << 20)
        var dice = Dice(state: 5)
        for _ in 0..<60 { try harness.send(request(corpus(&dice, traces: 300))) }
        // Seven eighths of it, and what is remembered of decisions.
        #expect(harness.metric("buffer_bytes") <= Double(15 << 20))
        #expect(harness.metric("decisions", ["trigger": "pressure"]) > 0)
        #expect(harness.context.account.imbalance == nil)
    }

    @Test("When senders are refused for want of memory the oldest traces are decided and their memory is given back")
    func relief() throws {
        let harness = try TailSamplingHarness(
            [
                "max_buffer_mib": 8, "num_shards": 2, "decision_wait": "1h", "decision_records": 100,
                "policies": policy("status_code", ["status_codes": ["ERROR"]]),
            ], budgetBytes: 16 << 20)
        var dice = Dice(state: 5)
        for _ in 0..<7 { try harness.send(request(corpus(&dice, traces: 300))) }
        try #require(harness.metric("decisions", ["trigger": "pressure"]) == 0)
        let budget = harness.context.budget
        let others = try budget.reserve((16 << 20) - budget.usedBytes)
        #expect(throws: DeliveryError.self) { try budget.reserve(1 << 20) }
        harness.advance(.milliseconds(1))
        #expect(harness.metric("decisions", ["trigger": "pressure"]) > 0)
        #expect(budget.usedBytes <= budget.reliefTarget || harness.metric("sampling_traces_on_memory") == 0)
        // What was kept is charged until it is delivered.
        harness.sink.clear()
        _ = try budget.reserve(1 << 20)
        #expect(others.bytes > 0)
        #expect(harness.context.account.imbalance == nil)
        // As often as that is needed.
        let before = harness.metric("decisions", ["trigger": "pressure"])
        others.shrink(to: 4 << 20)
        try harness.send(request(corpus(&dice, traces: 1000)))
        let more = try budget.reserve((16 << 20) - budget.usedBytes)
        #expect(throws: DeliveryError.self) { try budget.reserve(1) }
        harness.advance(.milliseconds(1))
        #expect(harness.metric("decisions", ["trigger": "pressure"]) > before)
        #expect(more.bytes > 0)
    }

    @Test("Spans that come while their trace leaves count as late, each span once")
    func lateWhileLeaving() throws {
        let harness = try TailSamplingHarness([
            "decision_wait": "1s", "num_shards": 1, "policies": policy("always_sample"),
        ])
        let spans = (1...20_000 as ClosedRange<UInt64>).map { TestSpan(.test(1), spanID: $0) }
        try harness.send(tracesRequest(spans))
        // Spans leave a step at a time; the first one is made here.
        let sampler = try #require(harness.processor as? TailSampling)
        let now = harness.context.clock.now() + 2_000_000_000
        let first = sampler.shards[0].window.withLock { $0.expire(now: now, limit: 1) }
        try #require(first.hasMore && first.bodies.isEmpty)
        let late = 10
        for number in 0..<late { try harness.send(TestSpan(.test(1), spanID: 30_000 + UInt64(number))) }
        harness.decideAll()
        #expect(harness.metric("early_releases_from_cache_decision", ["sampled": "true"]) == Double(late))
        let decision = try #require(harness.context.decisions.decisions(of: .test(1)).first)
        #expect(decision.spanCount == 20_000 && decision.lateSpans == late)
        #expect(try harness.received().count == 20_000 + late)
        #expect(harness.context.account.imbalance == nil)
    }

    @Test("When the byte budget is used up by others, traces are decided early instead of being refused or lost")
    func usedUpBudget() throws {
        let harness = try TailSamplingHarness(
            ["max_buffer_mib": 64, "num_shards": 1, "policies": policy("always_sample")], budgetBytes: 4 << 20)
        let others = try harness.context.budget.reserve((4 << 20) - harness.context.budget.usedBytes)
        var dice = Dice(state: 9)
        let items = corpus(&dice, traces: 1000)
        try harness.send(request(items))
        #expect(harness.metric("decisions", ["trigger": "pressure"]) > 0)
        harness.decideAll()
        #expect(try harness.received().tally == wholeSpans(request(items)).tally)
        #expect(others.bytes > 0)
    }
}
