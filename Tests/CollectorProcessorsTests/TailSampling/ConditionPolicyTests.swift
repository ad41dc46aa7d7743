import CollectorCore
import CollectorTestKit
import OTLPWire
import Testing

@testable import CollectorProcessors

@Suite("tail_sampling: policies that ask about spans")
struct ConditionPolicyTests {
    /// A policy as configured, and the conditions it asks for.
    private struct Asked {
        let policy: any SamplingPolicy
        let conditions: SpanConditions
        private let none = Measurements(count: 0)

        init(_ type: String, _ settings: TestConfig) throws {
            let diagnostics = Diagnostics()
            let section = ConfigReader(
                .test(.section(("policies", CollectorProcessorsTests.policy(type, settings)))), diagnostics)
            let configs = PolicyConfig.readAll(section)
            section.finish()
            try #require(diagnostics.errors.isEmpty, "\(diagnostics.errors)")
            var builder = PolicyBuilder()
            policy = try #require(configs.first).settings.makePolicy(&builder)
            conditions = SpanConditions(builder.conditions)
        }

        func vote(_ spans: TestSpan..., resource: TestAttributes = [:]) throws -> Vote {
            policy.vote(on: try testFeatures(spans, resource: resource, conditions), none)
        }

        func reason(_ spans: TestSpan...) throws -> String {
            policy.reason(try testFeatures(spans, resource: [:], conditions), none)
        }
    }

    private func span(_ attributes: TestAttributes) -> TestSpan { TestSpan(.test(1), attributes: attributes) }

    @Test("One span is enough to sample, and with invert_match enough not to")
    func inversion() throws {
        let settings: [(String, TestConfig)] = [("key", "http.route"), ("values", ["/health", "/ready"])]
        let plain = try Asked("string_attribute", .map(settings))
        let inverted = try Asked("string_attribute", .map(settings + [("invert_match", true)]))
        let health = span(["http.route": "/health"])
        let cart = span(["http.route": "/cart"])
        #expect(try plain.vote(cart, health) == .sampled)
        #expect(try inverted.vote(cart, health) == .notSampled)
        #expect(try plain.vote(cart) == .notSampled)
        #expect(try inverted.vote(cart) == .sampled)
        #expect(try inverted.vote(cart, resource: ["http.route": "/ready"]) == .notSampled)
    }

    @Test("Reasons name what was looked for")
    func reasons() throws {
        let route = try Asked("string_attribute", ["key": "http.route", "values": ["/health", "/ready"]])
        #expect(
            try route.reason(span(["http.route": "/ready"])) == "a span or resource has http.route = /health or /ready")
        #expect(try route.reason(span([:])) == "no span or resource has http.route = /health or /ready")
        let pattern = try Asked(
            "string_attribute", ["key": "http.route", "values": ["^/a"], "enabled_regex_matching": true])
        #expect(try pattern.reason(span([:])) == "no span or resource has http.route matching ^/a")
        let long = try Asked(
            "string_attribute", ["key": "k", "values": .list((0..<1000).map { .text("value-\($0)") })])
        #expect(try long.reason(span([:])).count < 300)
        for (bounds, text) in [
            (["min_value": 500, "max_value": 599], "from 500 to 599"), (["min_value": 0], "≥ 0"),
            (["max_value": -1], "≤ -1"),
        ] as [([String: Int], String)] {
            let settings = bounds.map { ($0.key, TestConfig.scalar("\($0.value)")) }
            let numeric = try Asked("numeric_attribute", .map([("key", "n")] + settings))
            #expect(try numeric.reason(span([:])) == "no span or resource has n \(text)")
        }
        #expect(
            try Asked("boolean_attribute", ["key": "error", "value": true]).reason(span(["error": true]))
                == "a span or resource has error = true")
        #expect(
            try Asked("trace_state", ["key": "vendor", "values": ["a", "b"]]).reason(span([:]))
                == "no span has tracestate vendor = a or b")
        #expect(try Asked("trace_flags", [:]).reason(span([:])) == "no span has the sampled flag")
    }

    @Test("A bound that is given counts, also 0")
    func bounds() throws {
        let fromZero = try Asked("numeric_attribute", ["key": "n", "min_value": 0])
        #expect(try fromZero.vote(span(["n": 0])) == .sampled)
        #expect(try fromZero.vote(span(["n": -1])) == .notSampled)
        let toZero = try Asked("numeric_attribute", ["key": "n", "max_value": 0])
        #expect(try toZero.vote(span(["n": 1])) == .notSampled)
        let all = try Asked(
            "numeric_attribute", ["key": "n", "min_value": -9_223_372_036_854_775_808, "max_value": 0])
        #expect(try all.vote(span(TestAttributes([("n", .int(.min))]))) == .sampled)
    }

    @Test("Conditions without an answer: no vote with propagate, a word in the reason with ignore, nothing with silent")
    func errorModes() throws {
        let failing = span(["attempt": "three"])
        let matching = span(["attempt": 3])
        for (mode, vote, reason) in [
            ("propagate", Vote.error, "true of no span, and without an answer for some: "),
            ("ignore", .notSampled, "true of no span, and without an answer for some: "),
            ("silent", .notSampled, "true of no span: "), ("", .notSampled, "true of no span: "),
        ] {
            let condition = #"attributes["attempt"] + 1 == 4"#
            let asked = try Asked("ottl_condition", ["error_mode": .text(mode), "span": [.text(condition)]])
            #expect(try asked.vote(failing) == vote)
            #expect(try asked.reason(failing) == reason + condition)
            #expect(try asked.vote(failing, matching) == .sampled)
            #expect(try asked.vote(matching, failing) == .sampled)
            #expect(try asked.reason(matching) == "true of a span: " + condition)
            #expect(try asked.vote(span(["attempt": 1])) == .notSampled)
        }
    }

    @Test("All these policies work with span-ingest, also inverted ones")
    func spanIngest() throws {
        for (type, settings) in [
            ("string_attribute", ["key": "k", "values": ["v"], "invert_match": true]),
            ("numeric_attribute", ["key": "k", "min_value": 1, "invert_match": true]),
            ("boolean_attribute", ["key": "k", "value": true, "invert_match": true]),
            ("trace_state", ["key": "k", "values": ["v"]]), ("trace_flags", [:]),
            ("ottl_condition", ["span": ["IsRootSpan()"]]),
        ] as [(String, TestConfig)] {
            let (_, problems) = TailSamplingFactory().read(
                .section(("sampling_strategy", "span-ingest"), ("policies", policy(type, settings))))
            #expect(problems.isEmpty)
        }
    }

    @Test(
        "Mistakes are reported where they stand, with what would be right",
        arguments: [
            ("string_attribute", ["values": ["a"]], "key: must be set, for example `http.route`"),
            ("string_attribute", ["key": "k"], "values: must have at least one value that is not empty"),
            (
                "string_attribute", ["key": "k", "values": [.text(""), .text("")]],
                "values: must have at least one value that is not empty"
            ),
            (
                "string_attribute", ["key": "k", "values": ["ok", "(a"], "enabled_regex_matching": true],
                "values[1]: `(a` is no regular expression: missing "
            ),
            ("numeric_attribute", ["key": "k"], "min_value: must be set, or `max_value`, or both"),
            ("numeric_attribute", ["min_value": 1], "key: must be set, for example `http.status_code`"),
            (
                "numeric_attribute", ["key": "k", "min_value": 5, "max_value": 4],
                "max_value: must not be less than `min_value` (5): no number could match"
            ),
            ("numeric_attribute", ["key": "k", "min_value": 0.5], "min_value: "),
            ("boolean_attribute", ["value": true], "key: must be set, for example `error`"),
            ("boolean_attribute", ["key": "k", "value": "maybe"], "value: "),
            ("trace_state", ["key": "k", "values": [.text("")]], "values: must have at least one value"),
            (
                "trace_state", ["key": "k", "values": [.text(String(repeating: "v", count: 255))]],
                "values: `\(String(repeating: "v", count: 40))…` and the key are longer than 255 bytes together"
            ),
            ("trace_flags", ["key": "k"], "key: unknown key `key`"),
            ("ottl_condition", [:], "span: must have at least one condition, or `spanevent` must"),
            ("ottl_condition", ["span": ["true == ", "name =="]], "span[0]: OTTL condition `true == `, column "),
            (
                "ottl_condition", ["span": ["true"], "spanevent": ["true", "nme == 1"]],
                "spanevent[1]: OTTL condition `nme == 1`, column 1: "
            ),
            ("ottl_condition", ["span": ["true"], "error_mode": "loud"], "error_mode: "),
            ("ottl_condition", ["span": "true"], "span: "),
        ] as [(String, TestConfig, String)])
    func mistakes(type: String, settings: TestConfig, expected: String) {
        let diagnostics = Diagnostics()
        let section = ConfigReader(.test(.section(("policies", policy(type, settings)))), diagnostics)
        _ = TailSamplingConfig(section)
        let found = diagnostics.errors.map { "\($0.path): \($0.message)" }
        #expect(found.first?.hasPrefix("policies[0].\(type).\(expected)") == true, "\(found)")
        #expect(found.count == (expected.contains("span[0]") ? 2 : 1), "\(found)")
    }
}
