import CollectorCore
import CollectorTestKit
import Testing

@testable import CollectorProcessors

@Suite("tail_sampling: configuration of policies on rates")
struct RateConfigTests {
    private func problems(_ policies: TestConfig) -> [String] {
        TailSamplingFactory().read(["policies": policies]).problems
    }

    static let parts: TestConfig = .list([
        .section(("name", "a"), ("type", "always_sample")), .section(("name", "b"), ("type", "always_sample")),
    ])

    /// Drops everything.
    private static func drop(beside others: TestConfig...) -> TestConfig {
        .list(
            others + [
                .section(
                    ("name", "d"), ("type", "drop"),
                    ("drop", .section(("drop_sub_policy", [["name": "a", "type": "always_sample"]]))))
            ])
    }

    private static let shadow = TestConfig.section(("name", "s"), ("type", "always_sample"), ("shadow", true))

    private static func composite(_ others: (String, TestConfig)...) -> TestConfig {
        policy("composite", .map([("composite_sub_policy", parts), ("max_total_spans_per_second", 100)] + others))
    }

    @Test(
        "What makes sense is accepted",
        arguments: [
            policy("rate_limiting", ["spans_per_second": 0.5]), policy("bytes_limiting", ["bytes_per_second": 1]),
            policy("rate_limiting", ["spans_per_second": 5, "burst_capacity": 1]),
            composite(), composite(("policy_order", ["b"]), ("rate_allocation", [["policy": "a", "percent": 100]])),
            policy("latency_percentile"),
            policy("latency_percentile", ["percentile": 99.9, "key": ["tenant", "root span name"], "window": "1m"]),
            policy("error_rate"), policy("error_rate", ["sampling_percentage": 25, "min_samples": 5]),
            policy("adaptive", ["spans_per_second": 100]),
            policy("adaptive", ["bytes_per_second": 1000, "floor_per_second": 0, "adjustment_interval": "1s"]),
        ])
    func accepted(_ policies: TestConfig) {
        #expect(problems(policies) == [])
    }

    @Test(
        "Mistakes are named, with what would be right",
        arguments: [
            (policy("rate_limiting"), "must be set"),
            (policy("rate_limiting", ["spans_per_second": 0]), "must be more than 0"),
            (policy("rate_limiting", ["spans_per_second": -1]), "must be more than 0"),
            (policy("bytes_limiting", ["bytes_per_second": 0]), "must be more than 0"),
            (policy("bytes_limiting", ["bytes_per_second": 5, "burst_capacity": -1]), "0"),
            (composite(("policy_order", ["c"])), "there is no sub-policy `c`; there are a, b"),
            (composite(("policy_order", ["a", "a"])), "twice"),
            (composite(("rate_allocation", [["policy": "c", "percent": 10]])), "there is no sub-policy `c`"),
            (composite(("rate_allocation", [["policy": "a", "percent": 0]])), "must be more than 0"),
            (
                composite(("rate_allocation", [["policy": "a", "percent": 60], ["policy": "b", "percent": 60]])),
                "adds up to 120 percent"
            ),
            (
                composite(("rate_allocation", [["policy": "a", "percent": 6], ["policy": "a", "percent": 6]])),
                "has a percentage already"
            ),
            (policy("composite", ["composite_sub_policy": parts]), "must be set"),
            (
                policy("composite", ["composite_sub_policy": parts, "max_total_spans_per_second": 0]),
                "must be more than 0"
            ),
            (policy("composite", ["max_total_spans_per_second": 10]), "at least one policy"),
            (policy("latency_percentile", ["percentile": 100]), "less than 100"),
            (policy("latency_percentile", ["percentile": 0]), "more than 0"),
            (policy("latency_percentile", ["window": "0s"]), "0"),
            (policy("latency_percentile", ["min_samples": 0]), "1"),
            (policy("latency_percentile", ["min_samples": 100_000_000]), "1000000"),
            (policy("latency_percentile", ["key": []]), "at least one part"),
            (policy("latency_percentile", ["key": ["a", "a"]]), "twice"),
            (policy("error_rate", ["threshold_percent": 0]), "more than 0"),
            (policy("error_rate", ["threshold_percent": 100]), "less than 100"),
            (policy("error_rate", ["sampling_percentage": 0]), "more than 0"),
            (policy("error_rate", ["sampling_percentage": 1e-15]), "at least 1.4e-15"),
            (policy("probabilistic", ["sampling_percentage": 1e-15]), "at least 1.4e-15"),
            (policy("error_rate", ["key": [""]]), "without a name"),
            (policy("adaptive"), "either `spans_per_second` or `bytes_per_second`"),
            (policy("adaptive", ["spans_per_second": 5, "bytes_per_second": 5]), "either"),
            (policy("adaptive", ["spans_per_second": 0]), "must be more than 0"),
            (policy("adaptive", ["spans_per_second": 5, "floor_per_second": 10]), "more than the target"),
            (policy("adaptive", ["spans_per_second": 5, "adjustment_interval": "1ms"]), "100ms"),
            (policy("linked"), "no other policy that keeps any: nothing would ever be kept"),
            (drop(), "`drop` only takes away from what other policies keep"),
            (drop(beside: .section(("name", "l"), ("type", "linked"))), "nothing would ever be kept"),
        ])
    func mistakes(_ policies: TestConfig, _ expected: String) {
        let found = problems(policies)
        #expect(found.count == 1 && found.contains { $0.contains(expected) }, "\(found)")
    }

    private static let limit = TestConfig.section(
        ("name", "l"), ("type", "rate_limiting"), ("rate_limiting", .section(("spans_per_second", 5))))

    private static func joint(_ parts: TestConfig...) -> TestConfig {
        .section(("name", "j"), ("type", "and"), ("and", .section(("and_sub_policy", .list(parts)))))
    }

    @Test(
        "Limits inside `not` and `drop`, which nothing would use up, are refused at their `type`",
        arguments: [
            (
                policy("not", .section(("not_sub_policy", limit))),
                "policies[0].not.not_sub_policy.type: `rate_limiting`"
            ),
            (policy("drop", .section(("drop_sub_policy", .list([limit])))), "policies[0].drop.drop_sub_policy[0].type"),
            (
                policy(
                    "not",
                    .section(("not_sub_policy", joint(.section(("name", "a"), ("type", "always_sample")), limit)))),
                "policies[0].not.not_sub_policy.and.and_sub_policy[1].type"
            ),
            (
                policy("drop", .section(("drop_sub_policy", .list([joint(joint(limit))])))),
                "policies[0].drop.drop_sub_policy[0].and.and_sub_policy[0].and.and_sub_policy[0].type"
            ),
            (
                policy(
                    "not",
                    .section(
                        (
                            "not_sub_policy",
                            .section(
                                ("name", "c"), ("type", "composite"),
                                (
                                    "composite",
                                    .section(("composite_sub_policy", parts), ("max_total_spans_per_second", 100))
                                ))
                        ))), "not_sub_policy.type: `composite`"
            ),
            (
                policy(
                    "drop",
                    .section(
                        (
                            "drop_sub_policy",
                            .list([
                                .section(
                                    ("name", "n"), ("type", "not"), ("not", .section(("not_sub_policy", limit))))
                            ])
                        ))), "policies[0].drop.drop_sub_policy[0].not.not_sub_policy.type"
            ),
        ])
    func limitsTurnedAround(_ policies: TestConfig, _ expected: String) {
        let diagnostics = read(policies)
        let found = diagnostics.errors.map { "\($0.path): \($0.message)" }
        #expect(found.count == 1 && found.contains { $0.contains(expected) }, "\(found)")
    }

    private func read(_ policies: TestConfig) -> Diagnostics {
        let diagnostics = Diagnostics()
        _ = TailSamplingFactory().readConfig(
            ConfigReader(.test(.section(("policies", policies))), diagnostics))
        return diagnostics
    }

    @Test(
        "What can keep nothing is warned of",
        arguments: [
            (policy("probabilistic", ["sampling_percentage": 0]), "samples no trace at all"),
            (policy("probabilistic"), "samples no trace at all"),
            (.list([shadow]), "all policies are shadows"), (drop(beside: shadow), "no other policy but shadows"),
            (drop(beside: .section(("name", "l"), ("type", "linked")), shadow), "keeps any but shadows"),
            (policy("adaptive", ["spans_per_second": 0.5]), "is by default 1 traces a second of each key"),
            (policy("adaptive", ["bytes_per_second": 100, "floor_per_second": 2]), "is 2 traces a second of each key"),
        ])
    func warnings(_ policies: TestConfig, _ expected: String) {
        let diagnostics = read(policies)
        #expect(!diagnostics.hasErrors)
        let found = diagnostics.warnings.map(\.message)
        #expect(found.count == 1 && found.contains { $0.contains(expected) }, "\(found)")
    }

    @Test("What can keep something is not warned of")
    func noWarnings() {
        let policies: TestConfig = .list([
            .section(("name", "a"), ("type", "always_sample")), .section(("name", "b"), ("type", "linked")),
        ])
        #expect(read(policies).all.isEmpty)
        #expect(read(policy("probabilistic", ["sampling_percentage": 1.4e-15])).all.isEmpty)
        #expect(read(policy("adaptive", ["spans_per_second": 0.5, "floor_per_second": 0])).all.isEmpty)
    }

    @Test("More key lists than traces have places for are refused, equal ones are one")
    func keyLists() {
        func policies(_ keys: [String]) -> TestConfig {
            .list(
                keys.enumerated().map { number, key in
                    .section(
                        ("name", .scalar("p\(number)")), ("type", "error_rate"),
                        ("error_rate", .section(("key", .list([.scalar(key)])))))
                })
        }
        #expect(problems(policies(["a", "b", "c", "a", "service.name"])) == [])
        #expect(problems(policies(["a", "b", "c", "d"])).contains { $0.contains("3 different `key` lists") })
    }

    @Test(
        "Whoever learns from whole traces is not for span-ingest",
        arguments: [
            policy("rate_limiting", ["spans_per_second": 5]), policy("bytes_limiting", ["bytes_per_second": 5]),
            composite(), policy("latency_percentile"), policy("error_rate"),
            policy("adaptive", ["spans_per_second": 5]),
        ])
    func spanIngest(_ policies: TestConfig) {
        let found = TailSamplingFactory().read(["sampling_strategy": "span-ingest", "policies": policies]).problems
        #expect(found.count == 1 && found.contains { $0.contains("span-ingest") }, "\(found)")
    }
}
