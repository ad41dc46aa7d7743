import CollectorCore
import CollectorTestKit
import OTLPWire
import Testing

@testable import CollectorProcessors

@Suite("tail_sampling: behaviour")
struct TailSamplingTests {
    private static let errors = policy("status_code", ["status_codes": ["ERROR"]])

    private func span(_ trace: UInt64, _ id: UInt64, error: Bool = false, parent: UInt64 = 9, state: String = "")
        -> TestSpan
    {
        var span = TestSpan(.test(trace), spanID: id, statusCode: error ? 2 : nil, traceState: state)
        span.parentSpanID = parent
        return span
    }

    // MARK: Time

    @Test("The decision falls decision_wait after the first span, not after the last (conformance 219)")
    func waitsFromTheFirstSpan() throws {
        let harness = try TailSamplingHarness(["decision_wait": "10s", "policies": Self.errors])
        try harness.send(span(1, 1, error: true))
        harness.advance(.seconds(8))
        try harness.send(span(1, 2))
        harness.advance(.milliseconds(1999))
        #expect(harness.sink.batches.isEmpty)
        harness.advance(.milliseconds(15))
        #expect(try harness.received().count == 2)
        #expect(harness.metric("decisions", ["trigger": "timeout"]) == 1)
    }

    @Test("A root brings the decision forward, to the millisecond class")
    func rootDecidesEarlier() throws {
        let harness = try TailSamplingHarness([
            "decision_wait": "60s", "decision_wait_after_root_received": "250ms", "policies": policy("always_sample"),
        ])
        try harness.send(span(1, 1), span(2, 2))
        harness.advance(.seconds(1))
        try harness.send(span(1, 3, parent: 0))
        harness.advance(.milliseconds(260))
        #expect(try harness.receivedTraces() == [.test(1)])
        #expect(harness.metric("decisions", ["trigger": "root"]) == 1)
        harness.advance(.seconds(60))
        #expect(try harness.receivedTraces() == [.test(1), .test(2)])
    }

    @Test("Traces that are due together leave as one batch per shard, grouped by resource and scope")
    func leavesInCompany() throws {
        let harness = try TailSamplingHarness(["num_shards": 1, "policies": policy("always_sample")])
        for trace in 1...50 as ClosedRange<UInt64> {
            try harness.send(span(trace, 1), resource: ["service.name": "a"])
            try harness.send(span(trace, 2), resource: ["service.name": "b"])
        }
        harness.decideAll()
        #expect(harness.sink.batches.count == 1)
        let segment = try #require(harness.sink.batches.first?.segments.first)
        guard case .traces(let index) = segment.index else { return }
        #expect(index.resources.count == 2)
        #expect(index.spans.count == 100)
    }

    // MARK: Late spans

    @Test("Late spans follow the first decision, kept or not, without another vote (conformance 224, 225)")
    func lateSpans() throws {
        let harness = try TailSamplingHarness(["policies": Self.errors])
        try harness.send(span(1, 1, error: true), span(2, 2))
        harness.decideAll()
        try harness.send(span(1, 3), span(2, 4, error: true))
        #expect(try harness.received().map(\.spanID).sorted() == [1, 3])
        #expect(harness.metric("early_releases_from_cache_decision", ["sampled": "true"]) == 1)
        #expect(harness.metric("early_releases_from_cache_decision", ["sampled": "false"]) == 1)
        #expect(harness.metric("sampling_late_span_age") == 2)
        harness.decideAll()
        #expect(harness.metric("global_count_traces_sampled", ["sampled": "true"]) == 1)
        #expect(harness.metric("global_count_traces_sampled", ["sampled": "false"]) == 1)
        #expect(harness.context.account.imbalance == nil)
    }

    @Test("With both caches of size 0 a late span begins a new trace")
    func withoutCaches() throws {
        let harness = try TailSamplingHarness([
            "decision_cache": ["sampled_cache_size": 0, "non_sampled_cache_size": 0], "policies": Self.errors,
        ])
        try harness.send(span(2, 2))
        harness.decideAll()
        try harness.send(span(2, 4, error: true))
        harness.decideAll()
        #expect(try harness.received().map(\.spanID) == [4])
    }

    // MARK: Thresholds

    @Test("Kept spans carry th and the derived rv, late ones the same (conformance 224, 228)")
    func writesThresholds() throws {
        let harness = try TailSamplingHarness(["policies": policy("probabilistic", ["sampling_percentage": 25])])
        for trace in 1...200 as ClosedRange<UInt64> { try harness.send(span(trace, 1), span(trace, 2, state: "x=1")) }
        harness.decideAll()
        for trace in 1...200 as ClosedRange<UInt64> { try harness.send(span(trace, 3)) }
        let spans = try harness.sink.batches.flatMap { try $0.readSpans() }
        #expect(spans.count == 3 * Set(spans.map(\.traceID)).count)
        #expect((25...75).contains(Set(spans.map(\.traceID)).count))
        for (_, trace) in Dictionary(grouping: spans, by: \.traceID) {
            let states = trace.sorted { $0.spanID < $1.spanID }.map(\.traceState)
            let own = states[0]
            let digits = try #require(own.hasPrefix("ot=rv:") ? own.dropFirst(6).prefix(14) : nil)
            #expect(own == "ot=rv:\(digits);th:c")
            #expect(try #require(UInt64(digits, radix: 16)) >= 0xc0 << 48)
            #expect(states == [own, "\(own),x=1", own])
        }
    }

    @Test("An incoming th is never lowered, one that contradicts the span is not trusted, broken tracestates stay")
    func keepsIncomingThresholds() throws {
        let harness = try TailSamplingHarness(["policies": policy("probabilistic", ["sampling_percentage": 50])])
        let id = TraceID(high: 1, low: 0xd0_0000_0000_0000)
        for (number, state) in ["ot=th:c", "ot=th:4", "ot=th:e", "ot=th:zz", "a=1"].enumerated() {
            try harness.send(TestSpan(id, spanID: UInt64(number + 1), traceState: state))
        }
        harness.decideAll()
        let states = try harness.sink.batches.flatMap { try $0.readSpans() }.sorted { $0.spanID < $1.spanID }.map(
            \.traceState)
        #expect(states == ["ot=th:c", "ot=th:8", "ot=th:8", "ot=th:zz", "ot=th:8,a=1"])
    }

    @Test(
        "A th that contradicts its span goes with any keep, late spans included (conformance 209)",
        arguments: [policy("always_sample"), policy("probabilistic", ["sampling_percentage": 100])],
        ["trace-complete", "span-ingest"])
    func erasesContradictions(policies: TestConfig, strategy: TestConfig) throws {
        let harness = try TailSamplingHarness(["sampling_strategy": strategy, "policies": policies])
        let id = TraceID(high: 1, low: 0xd0_0000_0000_0000)
        let states = [
            ("ot=th:e", ""), ("a=1,ot=th:e;x:1", "ot=x:1,a=1"), ("a=1,ot=th:c", "a=1,ot=th:c"),
            ("ot=rv:f0000000000000;th:e", "ot=rv:f0000000000000;th:e"),
            ("ot=rv:10000000000000;th:4", "ot=rv:10000000000000"),
            ("ot=th:zz", "ot=th:zz"),
        ]
        func send(_ first: UInt64) throws {
            for (number, state) in states.enumerated() {
                try harness.send(TestSpan(id, spanID: first + UInt64(number), traceState: state.0))
            }
        }
        try send(1)
        harness.decideAll()
        try send(11)
        let spans = try harness.sink.batches.flatMap { try $0.readSpans() }.sorted { $0.spanID < $1.spanID }
        #expect(spans.map(\.traceState) == states.map(\.1) + states.map(\.1))
    }

    @Test(
        "Where one span has an rv, the others get it beside their th, but for those whose own th goes by the trace id")
    func sharesRandomness() throws {
        let harness = try TailSamplingHarness(["policies": policy("probabilistic", ["sampling_percentage": 50])])
        let id = TraceID(high: 1, low: 0xf0_0000_0000_0000)
        for (number, state) in ["", "a=1", "ot=rv:90000000000000", "ot=th:c", "ot=th:4"].enumerated() {
            try harness.send(TestSpan(id, spanID: UInt64(number + 1), traceState: state))
        }
        harness.decideAll()
        let own = "ot=rv:90000000000000;th:8"
        let spans = try harness.sink.batches.flatMap { try $0.readSpans() }.sorted { $0.spanID < $1.spanID }
        #expect(spans.map(\.traceState) == [own, "\(own),a=1", own, "ot=th:c", own])
    }

    @Test("A late span with an rv that its trace's threshold would not have kept gets no th, and loses its own")
    func lateSpansOfOtherRandomness() throws {
        let harness = try TailSamplingHarness(["policies": policy("probabilistic", ["sampling_percentage": 25])])
        for trace in 1...40 as ClosedRange<UInt64> { try harness.send(span(trace, 1)) }
        harness.decideAll()
        let kept = try harness.receivedTraces()
        #expect(!kept.isEmpty)
        let states = [
            ("ot=rv:10000000000000", "ot=rv:10000000000000"),
            ("a=1,ot=rv:10000000000000;th:08;x:1", "ot=rv:10000000000000;x:1,a=1"),
            ("ot=rv:f0000000000000;th:e", "ot=rv:f0000000000000;th:e"),
            ("ot=rv:f0000000000000", "ot=rv:f0000000000000;th:c"),
        ]
        for trace in kept {
            for (number, state) in states.enumerated() {
                try harness.send(TestSpan(trace, spanID: UInt64(number + 2), traceState: state.0))
            }
        }
        let late = try harness.sink.batches.flatMap { try $0.readSpans() }.filter { $0.spanID > 1 }
        for (_, spans) in Dictionary(grouping: late, by: \.traceID) {
            #expect(spans.sorted { $0.spanID < $1.spanID }.map(\.traceState) == states.map(\.1))
        }
    }

    @Test("A deterministic keep adds no th (conformance 210)")
    func deterministicKeepsAddNothing() throws {
        let harness = try TailSamplingHarness([
            "policies": [
                ["name": "half", "type": "probabilistic", "probabilistic": ["sampling_percentage": 50]],
                ["name": "all", "type": "always_sample"],
            ]
        ])
        for trace in 1...50 as ClosedRange<UInt64> { try harness.send(span(trace, 1)) }
        harness.decideAll()
        #expect(try harness.received().count == 50)
        #expect(try harness.received().allSatisfy { $0.traceState.isEmpty })
    }

    // MARK: Strategies and limits

    @Test("span-ingest releases a trace with the span that decides it, and the rest as it comes")
    func spanIngest() throws {
        let harness = try TailSamplingHarness(["sampling_strategy": "span-ingest", "policies": Self.errors])
        try harness.send(span(1, 1), span(2, 2))
        #expect(harness.sink.batches.isEmpty)
        try harness.send(span(1, 3, error: true), span(1, 4))
        try harness.send(span(1, 5))
        #expect(try harness.received().map(\.spanID).sorted() == [1, 3, 4, 5])
        harness.decideAll()
        #expect(try harness.receivedTraces() == [.test(1)])
        #expect(harness.context.account.imbalance == nil)
    }

    @Test("A trace above maximum_trace_size_bytes is dropped at once, and its later spans too")
    func tooLarge() throws {
        let harness = try TailSamplingHarness(["maximum_trace_size_bytes": 500, "policies": policy("always_sample")])
        harness.context.verdicts.observe { _, _ in }
        for id in 1...20 as ClosedRange<UInt64> { try harness.send(span(1, id)) }
        try harness.send(span(2, 1))
        #expect(harness.metric("traces_dropped_too_large") == 1)
        harness.decideAll()
        #expect(try harness.receivedTraces() == [.test(2)])
        #expect(harness.context.verdicts.verdict(of: .test(1)) == .dropped)
        #expect(harness.context.account.imbalance == nil)
    }

    @Test("block_on_overflow lets requests wait for room, in order, and nothing is decided early")
    func blocksOnOverflow() throws {
        let harness = try TailSamplingHarness([
            "decision_wait": "5s", "num_traces": 2, "block_on_overflow": true, "policies": policy("always_sample"),
        ])
        try harness.send(span(1, 1), span(2, 2))
        let acceptance = try harness.pipeline.send(Batch(signal: .traces, requests: tracesRequest([span(3, 3)])))
        guard case .pending(let completion) = acceptance else {
            Issue.record("the request did not wait")
            return
        }
        #expect(harness.context.account.imbalance == nil)
        harness.advance(.seconds(4))
        #expect(harness.sink.batches.isEmpty)
        harness.advance(.seconds(2))
        let outcome = Completion()
        completion.whenFulfilled { outcome.fulfil($0) }
        #expect(try harness.receivedTraces() == [.test(1), .test(2)])
        harness.decideAll()
        #expect(try harness.receivedTraces().count == 3)
    }

    // MARK: Verdicts and books

    @Test("Verdicts are known to those who observe them when the spans leave")
    func recordsVerdicts() throws {
        let harness = try TailSamplingHarness(["policies": Self.errors])
        harness.context.verdicts.observe { _, _ in }
        #expect(harness.context.verdicts.hasSampler)
        try harness.send(span(1, 1, error: true), span(2, 2))
        #expect(harness.context.verdicts.verdict(of: .test(1)) == nil)
        harness.decideAll()
        #expect(harness.context.verdicts.verdict(of: .test(1)) == .kept)
        #expect(harness.context.verdicts.verdict(of: .test(2)) == .dropped)
        #expect(harness.context.account.droppedCount(by: "tail_sampling") == 1)
    }

    @Test("The books balance while spans are held, and the policies' votes are counted under the processor's name")
    func countsVotes() throws {
        let harness = try TailSamplingHarness(
            ["policies": Self.errors], id: ComponentID(type: "tail_sampling", name: "eu"))
        try harness.send(span(1, 1, error: true), span(2, 2), span(2, 3))
        #expect(harness.context.account.statement().held == 3)
        #expect(harness.context.account.imbalance == nil)
        #expect(harness.metric("sampling_traces_on_memory") == 2)
        harness.decideAll()
        #expect(harness.metric("count_traces_sampled", ["policy": "eu.p", "sampled": "true"]) == 1)
        #expect(harness.metric("count_traces_sampled", ["policy": "eu.p", "decision": "not_sampled"]) == 1)
        #expect(harness.metric("new_trace_id_received") == 2)
        #expect(harness.metric("sampling_traces_on_memory") == 0)
        #expect(harness.context.account.imbalance == nil)
    }
}
