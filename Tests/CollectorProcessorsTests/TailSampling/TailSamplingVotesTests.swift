import CollectorCore
import CollectorTestKit
import OTLPWire
import Testing

@testable import CollectorProcessors

@Suite("tail_sampling: votes, counted and looked for")
struct TailSamplingVotesTests {
    private static let errors = TestConfig.section(
        ("name", "errors"), ("type", "status_code"), ("status_code", ["status_codes": ["ERROR"]]))
    private static let short = TestConfig.section(
        ("name", "short"), ("type", "drop"),
        (
            "drop",
            [
                "drop_sub_policy": .list([
                    .section(("name", "ok"), ("type", "status_code"), ("status_code", ["status_codes": ["OK"]]))
                ])
            ]
        ))

    private func numbers(_ harness: TailSamplingHarness, _ filter: DecisionFilter) -> [UInt64] {
        let found = Set(harness.context.decisions.latest(filter, limit: 100).map(\.traceID))
        return (1...9 as ClosedRange<UInt64>).filter { found.contains(.test($0)) }
    }

    private func errorsOf(_ number: UInt64) -> TestSpan { TestSpan(.test(number), statusCode: 2) }

    @Test("What a drop policy drops is counted apart from what nobody sampled")
    func dropped() throws {
        let harness = try TailSamplingHarness([
            "decision_wait": "1s", "maximum_trace_size_bytes": 300, "policies": .list([Self.errors, Self.short]),
        ])
        try harness.send(errorsOf(1), TestSpan(.test(2)), TestSpan(.test(3)), TestSpan(.test(4), statusCode: 1))
        // Too large a trace is dropped by no policy.
        try harness.send(TestSpan(.test(5), name: String(repeating: "n", count: 400)))
        harness.decideAll()
        for (decision, sampled, count) in [
            ("sampled", "true", 1.0), ("not_sampled", "false", 3), ("dropped", "false", 1),
        ] {
            #expect(
                harness.metric("global_count_traces_sampled", ["decision": decision, "sampled": sampled]) == count)
        }
    }

    @Test("span-ingest counts one vote for each trace and policy, however many spans there are")
    func ingest() throws {
        let harness = try TailSamplingHarness([
            "decision_wait": "1s", "sampling_strategy": "span-ingest", "policies": .list([Self.errors]),
        ])
        for id in 1...5 as ClosedRange<UInt64> {
            try harness.send(TestSpan(.test(1), spanID: id), TestSpan(.test(2), spanID: id))
        }
        try harness.send(TestSpan(.test(1), spanID: 6, statusCode: 2))
        harness.decideAll()
        #expect(try harness.receivedTraces() == [.test(1)])
        #expect(harness.metric("count_traces_sampled", ["policy": "errors", "decision": "sampled"]) == 1)
        #expect(harness.metric("count_traces_sampled", ["policy": "errors", "decision": "not_sampled"]) == 1)
        #expect(harness.metric("sampling_policy_execution_count", ["policy": "errors"]) == 2)
        #expect(harness.context.decisions.decisions(of: .test(1)).first?.trigger == "span_ingest")
    }

    @Test("Decisions are found by what was voted, with what the policies had measured then")
    func voted() throws {
        let harness = try TailSamplingHarness([
            "decision_wait": "1s", "num_shards": 1,
            "policies": .list([
                Self.errors,
                .section(
                    ("name", "two"), ("type", "rate_limiting"), ("shadow", true),
                    ("rate_limiting", ["spans_per_second": 0.001, "burst_capacity": 2])),
                Self.short,
            ]),
        ])
        for number in 1...4 as ClosedRange<UInt64> { try harness.send(TestSpan(.test(number))) }
        try harness.send(errorsOf(5), TestSpan(.test(6), statusCode: 1))
        harness.decideAll()
        // The shadow's two tokens went to the first traces that nobody else kept.
        #expect(numbers(harness, DecisionFilter(policy: "two")) == [1, 2])
        #expect(numbers(harness, DecisionFilter(voter: "two")) == [1, 2])
        #expect(numbers(harness, DecisionFilter(policy: "errors")) == [5])
        #expect(numbers(harness, DecisionFilter(policy: "two", isKept: true)) == [])
        #expect(numbers(harness, DecisionFilter(voter: "short")) == [6])
        #expect(numbers(harness, DecisionFilter(voter: "errors", isKept: false)) == [])
        #expect(numbers(harness, DecisionFilter(voter: "nobody")) == [])
    }

    @Test("The part of a composite that let a trace in is told, as deep as it goes")
    func parts() throws {
        func composite(_ name: TestConfig, _ parts: [TestConfig]) -> TestConfig {
            .section(
                ("name", name), ("type", "composite"),
                ("composite", ["max_total_spans_per_second": 1000, "composite_sub_policy": .list(parts)]))
        }
        let inner = composite("inner", [.section(("name", "all"), ("type", "always_sample"))])
        let harness = try TailSamplingHarness([
            "decision_wait": "1s", "policies": .list([composite("outer", [Self.errors, inner])]),
        ])
        try harness.send(errorsOf(1), TestSpan(.test(2)))
        harness.decideAll()
        let parts = [1, 2].map { harness.context.decisions.decisions(of: .test($0)).first?.votes.first?.part }
        #expect(parts == ["errors", "inner/all"])
    }

    @Test("With fixed keys every instance places traces alike, with secret ones none does")
    func hashKeys() {
        let traces = (1...64 as ClosedRange<UInt64>).map { TraceID.test($0) }
        func hashes(_ keys: HashKeys) -> [UInt64] { traces.map { TraceHash(keys)($0) } }
        #expect(hashes(.fixed) == hashes(.fixed))
        #expect(hashes(.secret) != hashes(.secret))
        #expect(Set(hashes(.fixed)).count == 64)
    }
}
