import CollectorCore
import CollectorTestKit
import Testing

@testable import CollectorProcessors

@Suite("tail_sampling: one mistake, one message")
struct PolicyMessagesTests {
    /// Everything that is said of a list of policies, each with its place below `policies`.
    private func messages(_ policies: TestConfig) -> [String] {
        let diagnostics = Diagnostics()
        _ = TailSamplingFactory().readConfig(ConfigReader(.test(["policies": policies]), diagnostics))
        return diagnostics.all.map { "\($0.severity) \($0.path): \($0.message)" }
    }

    @Test(
        "What keeps every trace by omission is warned of, once",
        arguments: [
            (policy("latency"), "threshold_ms: is 0, which samples every trace"),
            (policy("latency", ["threshold_ms": 0]), "threshold_ms: is 0, which samples every trace"),
            (policy("span_count"), "min_spans: is 0 without a `max_spans`, which samples every trace"),
            (policy("span_count", ["min_spans": 1]), "min_spans: is 1 without a `max_spans`"),
            (policy("boolean_attribute", ["key": "k"]), "value: is not set: traces with `k` = false are sampled"),
            (policy("probabilistic"), "sampling_percentage: is 0, which samples no trace at all"),
        ])
    func warnings(policies: TestConfig, message: String) {
        let found = messages(policies)
        #expect(found.count == 1 && found.allSatisfy { $0.hasPrefix("warning ") && $0.contains(message) }, "\(found)")
    }

    @Test(
        "What limits the traces is not",
        arguments: [
            policy("latency", ["upper_threshold_ms": 5]), policy("latency", ["threshold_ms": 1]),
            policy("span_count", ["min_spans": 2]), policy("span_count", ["max_spans": 3]),
            policy("boolean_attribute", ["key": "k", "value": false]),
        ])
    func silence(policies: TestConfig) {
        #expect(messages(policies) == [])
    }

    private static func composite(_ others: (String, TestConfig)...) -> TestConfig {
        policy(
            "composite",
            .map([("composite_sub_policy", RateConfigTests.parts), ("max_total_spans_per_second", 100)] + others))
    }

    @Test(
        "A mistake has no false followers, and names the item it is in",
        arguments: [
            (
                composite(("rate_allocation", [["policy": "a", "percent": 0], ["policy": "b", "percent": 100]])),
                "rate_allocation[0].percent: must be more than 0"
            ),
            (composite(("policy_order", ["b", "c"])), "policy_order[1]: there is no sub-policy `c`"),
            (composite(("policy_order", ["b", "b"])), "policy_order[1]: names `b` twice"),
            (policy("probabilistic", ["sampling_percentage": -1]), "sampling_percentage: expected a number"),
            (policy("probabilistic", ["sampling_percentage": ".nan"]), "sampling_percentage: expected a"),
            (policy("latency", ["threshold_ms": -1]), "threshold_ms: expected a whole number"),
            (policy("not", ["not_sub_policy": ["x"]]), "not_sub_policy: expected a map"),
            (policy("and", ["and_sub_policy": ["x"]]), "and_sub_policy[0]: expected a map"),
            (policy("status_code", ["status_codes": ["ERROR", "BAD"]]), "status_codes[1]: `BAD` is no span status"),
            (
                policy("string_attribute", ["key": "k", "values": ["a", "(b"], "enabled_regex_matching": true]),
                "values[1]: `(b` is no regular expression: missing ): (b; expected RE2 syntax"
            ),
        ])
    func single(policies: TestConfig, message: String) {
        let found = messages(policies)
        #expect(found.count == 1 && found.allSatisfy { $0.hasPrefix("error ") && $0.contains(message) }, "\(found)")
    }

    @Test("Numbers in reasons: one span is one, and what is not 0 does not look like it")
    func numbers() throws {
        let one = try testFeatures([TestSpan(.test(1))])
        let many = SpanCountPolicy(minimum: 3, maximum: nil)
        #expect(many.reason(one, Measurements(count: 0)) == "1 span < 3")
        let limit = LimitingPolicy(.spans, slot: 0, bucket: TokenBucket(perSecond: 5, capacity: 5))
        var measured = Measurements(count: 1)
        limit.measure(one, at: 1, &measured)
        #expect(limit.reason(one, measured) == "1 span ≤ 5 left of 5")
        let numbers = [0, 0.000_123, 0.04, 0.25, 0.999, 1, 1.26, 33.33, 100.4, -0.04]
        #expect(
            numbers.map(brief) == ["0", "0.00012", "0.04", "0.25", "1", "1", "1.3", "33.3", "100", "-0.04"])
    }
}
