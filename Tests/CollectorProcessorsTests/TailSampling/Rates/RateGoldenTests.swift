import CollectorTestKit
import Testing

@testable import CollectorProcessors

/// What a real OpenTelemetry Collector 0.156 kept of the corpus with policies on rates. Where that depended on the
/// moment, bounds were recorded.
@Suite("tail_sampling: recorded decisions on rates")
struct RateGoldenTests {
    private static func composite(_ total: Int, second: TestConfig, percent: Int) -> TestConfig {
        policy(
            "composite",
            .section(
                ("max_total_spans_per_second", .scalar("\(total)")), ("policy_order", ["a", "b"]),
                (
                    "composite_sub_policy",
                    .list([
                        .section(
                            ("name", "a"), ("type", "status_code"),
                            ("status_code", .section(("status_codes", ["ERROR"])))),
                        second,
                    ])
                ),
                (
                    "rate_allocation",
                    [
                        ["policy": "a", "percent": .scalar("\(percent)")],
                        ["policy": "b", "percent": .scalar("\(100 - percent)")],
                    ]
                )))
    }

    static let bounds: [(name: String, policies: TestConfig, spans: ClosedRange<Int>)] = [
        (
            "composite-limited",
            composite(500, second: .section(("name", "b"), ("type", "always_sample")), percent: 40), 200...2000
        ),
        ("rate-limiting-100", policy("rate_limiting", ["spans_per_second": 100]), 1...600),
        (
            "rate-limiting-burst", policy("rate_limiting", ["spans_per_second": 10, "burst_capacity": 1000]),
            700...1100
        ),
    ]

    private func harness(_ policies: TestConfig) throws -> TailSamplingHarness {
        let harness = try TailSamplingHarness(["decision_wait": "3s", "policies": policies])
        try #require(TailSamplingGoldenTests.corpus.count == 24)
        for request in TailSamplingGoldenTests.corpus { try harness.send(request) }
        harness.advance(.seconds(4))
        return harness
    }

    @Test("A limited number of spans passes", arguments: bounds.indices)
    func limited(_ position: Int) throws {
        let golden = Self.bounds[position]
        let harness = try harness(golden.policies)
        let spans = try harness.received().count
        #expect(golden.spans.contains(spans), "\(golden.name): \(spans)")
        #expect(harness.context.account.imbalance == nil)
    }

    @Test("A composite that nothing exceeds keeps the recorded traces")
    func unlimited() throws {
        let recorded = try TailSamplingGoldenTests.Recorded("composite-unlimited")
        let slow = TestConfig.section(
            ("name", "b"), ("type", "latency"), ("latency", .section(("threshold_ms", 5000))))
        let harness = try harness(Self.composite(1_000_000, second: slow, percent: 50))
        #expect(try harness.receivedTraces() == recorded.kept)
        #expect(try harness.received().count == recorded.spans)
    }
}
