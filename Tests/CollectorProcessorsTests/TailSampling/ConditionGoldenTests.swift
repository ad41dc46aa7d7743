import CollectorCore
import CollectorTestKit
import OTLPWire
import Testing

@testable import CollectorProcessors

/// A policy of a list.
private func entry(_ name: String, _ type: String, _ settings: TestConfig) -> TestConfig {
    .section(("name", .scalar(name)), ("type", .scalar(type)), (type, settings))
}

private let errors = entry("e", "status_code", ["status_codes": ["ERROR"]])
private let notErrors = entry("n", "not", .section(("not_sub_policy", errors)))
private let dropsHealth = entry(
    "d", "drop",
    .section(("drop_sub_policy", .list([text("http.route", ["/health"])]))))

private func text(_ key: String, _ values: TestConfig, _ others: (String, TestConfig)...) -> TestConfig {
    entry("s", "string_attribute", .map([("key", .text(key)), ("values", values)] + others))
}

private func numeric(_ key: String, _ bounds: (String, TestConfig)...) -> TestConfig {
    .list([entry("p", "numeric_attribute", .map([("key", .text(key))] + bounds))])
}

private func boolean(_ key: String, _ value: Bool, _ others: (String, TestConfig)...) -> TestConfig {
    .list([entry("p", "boolean_attribute", .map([("key", .text(key)), ("value", value ? true : false)] + others))])
}

private func ottl(span: [TestConfig] = [], event: [TestConfig] = []) -> TestConfig {
    policy("ottl_condition", ["error_mode": "ignore", "span": .list(span), "spanevent": .list(event)])
}

extension TailSamplingGoldenTests {
    /// Recorded configurations of policies that ask about single spans, and of combinations with them.
    static let conditionCases = attributeCases + otherConditionCases + combinedCases

    private static let attributeCases = [
        Case(name: "string-exact", policies: .list([text("user.tier", ["gold", "silver"])])),
        Case(name: "string-empty-value", policies: .list([text("user.tier", [.text(""), "bronze"])])),
        Case(
            name: "string-invert",
            policies: .list([text("user.tier", ["gold", "bronze"], ("invert_match", true))])),
        Case(
            name: "string-regex-anchored",
            policies: .list([
                text(
                    "http.route", ["^/api/v[0-9]+/.*$", "^/cart$"], ("enabled_regex_matching", true),
                    ("cache_max_size", 2))
            ])),
        Case(
            name: "string-regex-invert",
            policies: .list([
                text("http.route", ["/health$"], ("enabled_regex_matching", true), ("invert_match", true))
            ])),
        Case(
            name: "string-regex", policies: .list([text("user.tier", ["gold"], ("enabled_regex_matching", true))])),
        Case(name: "string-resource", policies: .list([text("service.name", ["payment"])])),
        Case(name: "numeric-400-599", policies: numeric("http.status_code", ("min_value", 400), ("max_value", 599))),
        Case(
            name: "numeric-exact-big",
            policies: numeric("amount", ("min_value", 1_099_511_627_776), ("max_value", 1_099_511_627_776))),
        Case(
            name: "numeric-invert",
            policies: numeric("http.status_code", ("min_value", 400), ("max_value", 599), ("invert_match", true))),
        Case(name: "numeric-max-100", policies: numeric("amount", ("max_value", 100))),
        Case(name: "numeric-min-500", policies: numeric("http.status_code", ("min_value", 500))),
        Case(name: "numeric-min-zero", policies: numeric("amount", ("min_value", 0), ("max_value", 1000))),
        Case(name: "numeric-negative", policies: numeric("amount", ("min_value", -1000), ("max_value", -1))),
        Case(name: "numeric-resource", policies: numeric("shard", ("min_value", 4), ("max_value", 6))),
        Case(name: "boolean-false", policies: boolean("sampled.hint", false)),
        Case(name: "boolean-invert", policies: boolean("sampled.hint", true, ("invert_match", true))),
        Case(name: "boolean-resource", policies: boolean("canary", true)),
        Case(name: "boolean-true", policies: boolean("sampled.hint", true)),
    ]

    private static let otherConditionCases = [
        Case(name: "trace-flags", policies: .list([.section(("name", "p"), ("type", "trace_flags"))])),
        Case(name: "tracestate-a", policies: policy("trace_state", ["key": "vendor", "values": ["a"]])),
        Case(
            name: "tracestate-multi",
            policies: policy("trace_state", ["key": "vendor", "values": ["b", "c", .text("")]])),
        Case(name: "span-count-3-6", policies: policy("span_count", ["min_spans": 3, "max_spans": 6])),
        Case(name: "span-count-max-2", policies: policy("span_count", ["max_spans": 2])),
        Case(name: "span-count-min-5", policies: policy("span_count", ["min_spans": 5])),
        Case(name: "ottl-attribute", policies: ottl(span: [#"attributes["http.status_code"] >= 500"#])),
        Case(name: "ottl-duration", policies: ottl(span: ["end_time_unix_nano - start_time_unix_nano > 4000000000"])),
        Case(
            name: "ottl-event",
            policies: ottl(event: [#"name == "exception" and attributes["exception.type"] == "TimeoutError""#])),
        Case(
            name: "ottl-nil",
            policies: ottl(span: [#"attributes["user.tier"] != nil and attributes["user.tier"] != """#])),
        Case(
            name: "ottl-several",
            policies: ottl(
                span: [
                    #"IsRootSpan() and resource.attributes["service.name"] == "frontend" and IsMatch(name, "^GET ")"#,
                    "status.code == STATUS_CODE_ERROR and kind == SPAN_KIND_SERVER",
                ], event: [#"name == "retry""#])),
    ]

    private static let combinedCases = [
        Case(name: "not-error", policies: .list([notErrors])),
        Case(
            name: "and-latency-service",
            policies: policy(
                "and",
                ["and_sub_policy": [entry("l", "latency", ["threshold_ms": 500]), text("service.name", ["checkout"])]])),
        Case(
            name: "and-not",
            policies: policy(
                "and",
                [
                    "and_sub_policy": [
                        errors, entry("n", "not", .section(("not_sub_policy", text("service.name", ["legacy"])))),
                    ]
                ])),
        Case(name: "drop-health", policies: [entry("all", "always_sample", [:]), dropsHealth]),
        Case(
            name: "drop-two-conditions",
            policies: [
                entry(
                    "d", "drop",
                    .section(("drop_sub_policy", [text("deployment.environment", ["staging"]), notErrors]))),
                entry("l", "latency", ["threshold_ms": 250]),
            ]),
        Case(
            name: "first-match",
            policies: [
                text("user.tier", ["gold"]), entry("p", "probabilistic", ["sampling_percentage": 20]), dropsHealth,
            ], others: [("sample_on_first_match", true)]),
        Case(
            name: "invert-or-error",
            policies: [
                text(
                    "user.tier", ["gold", "silver", "bronze", "Gold", "golden", "marigold"], ("invert_match", true)),
                errors,
            ]),
        Case(
            name: "several-policies",
            policies: [
                errors, entry("l", "latency", ["threshold_ms": 5000]),
                entry("p", "probabilistic", ["sampling_percentage": 5]), text("user.tier", ["gold"]),
            ]),
    ]

    private static let errorsOfCheckout = policy(
        "and", ["and_sub_policy": [errors, text("service.name", ["checkout"])]])

    /// Two recordings of `span-ingest` are accidents of how it was implemented. `ingest-drop`: nothing at all is kept
    /// when there is a drop policy; here the trace then waits and is decided as a whole, as recorded without
    /// `span-ingest`. `ingest-and`: both conditions must hold within one group of a request; here they must hold for the
    /// spans that have arrived.
    @Test("span-ingest decides on what has arrived of a trace, however it was batched")
    func spanIngest() throws {
        let drop: TestConfig = [entry("all", "always_sample", [:]), dropsHealth]
        #expect(try Recorded("ingest-drop").kept == [])
        #expect(try kept(by: drop) == Recorded("drop-health").kept)

        let failed = try traces { span, _ in span.statusCode == 2 }
        let ofCheckout = try traces { _, isOfCheckout in isOfCheckout }
        #expect(try Recorded("ingest-and").kept == traces { $0.statusCode == 2 && $1 })
        #expect(try kept(by: Self.errorsOfCheckout) == failed.intersection(ofCheckout))
    }

    /// What `span-ingest` keeps of the corpus.
    private func kept(by policies: TestConfig) throws -> Set<TraceID> {
        let harness = try TailSamplingHarness([
            "decision_wait": "3s", "sampling_strategy": "span-ingest", "policies": policies,
        ])
        for request in Self.corpus { try harness.send(request) }
        harness.advance(.seconds(4))
        #expect(harness.context.account.imbalance == nil)
        return try harness.receivedTraces()
    }

    /// The corpus traces with a span that `isOne` accepts; it is told whether the span's resource is the service checkout.
    private func traces(where isOne: (SpanEntry, Bool) -> Bool) throws -> Set<TraceID> {
        let checkout = "service.name\u{12}\n\n\u{8}checkout"
        return try Self.corpus.reduce(into: []) { found, request in
            guard case .traces(let index) = try Segment(signal: .traces, request).index else { return }
            for (span, whole) in zip(index.spans, index.wholeSpans(request))
            where isOne(span, String(decoding: whole.resource, as: UTF8.self).contains(checkout)) {
                found.insert(span.traceID)
            }
        }
    }
}
