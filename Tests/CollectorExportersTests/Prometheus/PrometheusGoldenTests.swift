import CollectorCore
import CollectorTestKit
import CollectorTransport
import NIOCore
import OTLPMessages
import Testing

@testable import CollectorExporters

/// Families of recorded cases that are shown otherwise on purpose, by case, with the reason.
private let exceptions: [String: (families: Set<String>, reason: String)] = [
    "sum-delta-gap": (["gap", "gap_total"], "deltas go on over a gap: a counter reset would lose what was counted"),
    "hist-delta-misaligned": (["gap"], "deltas go on over a gap: a counter reset would lose what was counted"),
    "hist-delta-bounds-change": (["bc"], "count and sum go on when bounds change; only buckets begin anew"),
]

/// Of the recorded cases that call themselves no rule as a whole: what is shown otherwise, and nothing else of them is.
private let accidents: [String: Set<String>] = [
    "attr-underscore-runs": [
        "m: missing sample m{a__b=2}", "m: unexpected sample m{a_b=2}", "m: missing sample m{x__y=1}",
        "m: unexpected sample m{x_y=1}", "m: unexpected sample m{_=3}",
    ],
    "gauge-no-value": ["novalue: missing sample novalue{a=1}"],
    "hist-delta-exemplars": [
        """
        dhe: dhe_bucket{le=1.0}: exemplar {span_id=00f067aa0ba9001c,trace_id=4bf92f3577b34da6a3ce929d0e0e001c} 0.5, \
        expected none
        """,
        """
        dhe: dhe_bucket{le=2.0}: exemplar {span_id=00f067aa0ba9001d,trace_id=4bf92f3577b34da6a3ce929d0e0e001d} 1.5, \
        expected none
        """,
    ],
    "hist-negative-bounds": [
        "negb_celsius: missing sample negb_celsius_count{}", "negb_celsius: missing sample negb_celsius_sum{}",
    ],
    "hist-no-sum": ["nosum: missing sample nosum_count{}", "nosum: missing sample nosum_sum{}"],
    "stale-mixed": ["g: g{k=c}: 30.0, expected 3.0"],
    "sum-delta-mixed-kinds": [
        "mixed_total: mixed_total{}: 7.5, expected 2.5", "mixed: mixed_total{}: 7.5, expected 2.5",
    ],
    "sum-exemplar-filtered-attributes": [
        """
        ex_attrs: ex_attrs_total{}: exemplar {span_id=00f067aa0ba90007,trace_id=4bf92f3577b34da6a3ce929d0e0e0007,\
        user_id=u1} 1.5, expected {span_id=00f067aa0ba90007,trace_id=4bf92f3577b34da6a3ce929d0e0e0007} 1.5
        """,
        "ex_attrs_only: ex_attrs_only_total{}: exemplar {k=v} 1.5, expected none",
    ],
]

/// What has to be set for a case besides what was recorded, because our default is another one.
private let settings: [String: (key: String, value: String)] = [
    "sum-delta-nonmonotonic": ("non_monotonic_deltas", "drop")
]

/// What an OpenTelemetry Collector showed is what this exporter shows, but for what the recordings themselves call
/// accidents and for the exceptions above.
@Suite("prometheus, recorded cases")
struct PrometheusGoldenTests {
    @Test("there are 96 cases")
    func count() throws {
        #expect(try GoldenCase.all().count == 96)
    }

    @Test("shows what was recorded", arguments: try GoldenCase.all())
    func replay(name: String) throws {
        let golden = try GoldenCase(named: name)
        let harness = PrometheusHarness(try config(golden))
        var scrapes = 0
        var found: Set<String> = []
        for step in golden.steps {
            switch step {
            case .post(let body, isJSON: true):
                try harness.send(try wireBytes(fromJSON: body.span, kind: .metricsRequest, limit: 1 << 22))
            case .post(let body, isJSON: false): try harness.send(bytes(hexadecimal: body))
            case .sleep(let milliseconds): harness.context.clock.advance(by: .milliseconds(milliseconds))
            case .scrape(let scrape):
                scrapes += 1
                found.formUnion(try differences(scrape, golden, harness))
            }
        }
        #expect(scrapes > 0)
        #expect(golden.accident != nil || accidents[name] == nil)
        #expect(found == accidents[name] ?? [])
    }

    @Test("every exception still is one: what it says differs, and nothing else", arguments: exceptions.keys.sorted())
    func exception(name: String) throws {
        let golden = try GoldenCase(named: name)
        let harness = PrometheusHarness(try config(golden))
        var differing: Set<String> = []
        for step in golden.steps {
            switch step {
            case .post(let body, _):
                try harness.send(try wireBytes(fromJSON: body.span, kind: .metricsRequest, limit: 1 << 22))
            case .sleep: break
            case .scrape(let scrape):
                let isOpenMetrics = scrape.format == "openmetrics"
                let expected = try Exposition(scrape.body, isOpenMetrics: isOpenMetrics)
                let actual = try harness.scrape(openMetrics: isOpenMetrics)
                differing.formUnion(
                    CollectorExportersTests.differences(expected: expected, actual: actual).map(\.family))
            }
        }
        #expect(differing.subtracting(golden.accidentFamilies) == exceptions[name]?.families)
    }

    /// What a scrape shows otherwise than the recorded one; its headers must be the same.
    private func differences(
        _ scrape: GoldenCase.Scrape, _ golden: GoldenCase, _ harness: PrometheusHarness
    ) throws -> [String] {
        let request = scrape.request
        let path = String((request["path"] ?? "/metrics").prefix { $0 != "?" })
        let answer = harness.answer(
            method: request["method"] ?? "GET", path: path, accept: request["accept"],
            encoding: request["accept-encoding"])
        if scrape.accident != nil { return [] }
        #expect("\(answer.status)" == request["status"])
        if let type = request["content-type"] { #expect(media(answer.header("content-type")) == media(type)) }
        if let coding = request["content-encoding"] {
            #expect(answer.header("content-encoding") ?? "identity" == coding)
        }
        guard scrape.format != "none" else { return [] }
        let isOpenMetrics = scrape.format == "openmetrics"
        var body = answer.body
        if answer.header("content-encoding") == "gzip" {
            body = try Inflater.inflate(body, format: .gzip, limit: 1 << 22)
        }
        let actual = try Exposition(Array(body.readableBytesView), isOpenMetrics: isOpenMetrics)
        try actual.checkRules(isOpenMetrics: isOpenMetrics)
        let expected = try Exposition(scrape.body, isOpenMetrics: isOpenMetrics)
        let found = CollectorExportersTests.differences(expected: expected, actual: actual).filter {
            !golden.accidentFamilies.contains($0.family)
                && exceptions[golden.name]?.families.contains($0.family) != true
        }
        return found.map(\.description)
    }

    private func config(_ golden: GoldenCase) throws -> PrometheusConfig {
        var entries: [(String, TestConfig)] = []
        var sections: [String: [(String, TestConfig)]] = [:]
        for (key, value) in golden.config + [settings[golden.name]].compactMap({ $0 }) {
            let parts = key.split(separator: "/").map(String.init)
            if parts.count == 2 {
                sections[parts[0], default: []].append((parts[1], .scalar(value)))
            } else {
                entries.append((key, .scalar(value)))
            }
        }
        entries += sections.map { ($0.key, .map($0.value)) }
        let (config, problems) = PrometheusFactory().read(.map(entries))
        try #require(problems.isEmpty, "\(problems)")
        return config
    }

    /// Media type and parameters.
    private func media(_ text: String?) -> Set<String> {
        Set((text ?? "").split(separator: ";").map { $0.filter { $0 != " " } })
    }

    private func bytes(hexadecimal digits: [UInt8]) -> [UInt8] {
        stride(from: 0, to: digits.count - 1, by: 2).compactMap {
            UInt8(String(decoding: digits[$0...$0 + 1], as: UTF8.self), radix: 16)
        }
    }
}
