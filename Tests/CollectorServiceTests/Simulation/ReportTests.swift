import CollectorCore
import CollectorTestKit
import OTLPWire
import Testing

@testable import CollectorService

@Suite struct ReportTests {
    private func report() async throws -> SimulationReport {
        let text =
            try line(span(1, endingAt: 1, error: true)) + line(span(2, endingAt: 2, lasting: .seconds(1)))
            + line(span(3, endingAt: 61)) + "{\"resourceLogs\":[]}\n"
        return try await simulate(
            fakePlan(label: "new.yaml"), baseline: fakePlan("slow_ms: 2000", label: "old.yaml"), text
        ).report
    }

    @Test func `the table is aligned and says what changed`() async throws {
        var report = try await report()
        // Bytes are the wire module's business.
        report.bytes = 12_345
        report.run.keptBytes = 1234
        report.run.rates.bytesPerSecond = 12.34
        report.run.rates.peakBytesPerSecond = 123.4
        report.baseline?.keptBytes = 617
        report.baseline?.rates.bytesPerSecond = 6.17
        report.baseline?.rates.peakBytesPerSecond = 61.7
        #expect(
            report.table == """
                1 capture, 3 requests, 2023-11-14T22:13:21Z to 2023-11-14T22:14:21Z, 1m 0s of virtual time
                left out: 1 logs requests
                new: new.yaml
                baseline: old.yaml

                          seen   kept   share  baseline   share  difference
                traces       3      2  66.67%         1  33.33%          +1
                spans        3      2  66.67%         1  33.33%          +1
                bytes   12 345  1 234     10%       617      5%        +617

                kept per second  mean  highest 1s  baseline mean  highest 1s
                spans            0.03           1           0.02           1
                bytes            12.3         123           6.17        61.7

                decided by policy  kept   share  dropped  spans kept  votes for  baseline kept  difference
                errors                1  33.33%        0           1          1              1           0
                slow                  1  33.33%        0           1          1              0          +1
                (none)                0      0%        1           0          0              0           0
                decided at: timeout 3

                traces gained 1, lost 0
                  + \(TraceID.test(2))  kept by slow

                """)
    }

    @Test func `JSON has stable names`() async throws {
        let text = try await report().json([]).text
        for part in [
            "{\"captures\":{\"files\":1,\"requests\":3,", "\"logs_requests\":1", "\"duration_seconds\":60",
            "\"config\":{\"name\":\"new.yaml\",\"kept_traces\":2,\"kept_traces_percent\":66.666667,",
            "{\"policy\":\"slow\",\"shadow\":false,\"kept_traces\":1,", "\"triggers\":{\"timeout\":3}",
            "\"votes\":{\"sampled\":1,\"not_sampled\":2,\"dropped\":0,\"error\":0,\"not_asked\":0}",
            "\"difference\":{\"gained_traces\":1,\"lost_traces\":0,\"gained\":[{\"trace_id\":\"\(TraceID.test(2))\","
                + "\"policy\":\"slow\",\"baseline_policy\":null}],\"lost\":[],",
        ] {
            #expect(text.contains(part), "\(part) in \(text)")
        }
    }

    @Test func `JSON escapes what it must and indents when asked`() {
        let value = JSONValue.object([
            ("a\"\\\n\t\u{1}ü", .array([.null, .bool(true), .integer(-1), .number(.infinity), .rounded(1.0 / 3)])),
            ("empty", .array([])),
        ])
        #expect(
            value.text == "{\"a\\\"\\\\\\n\\t\\u0001ü\":[null,true,-1,null,0.333333],\"empty\":[]}")
        #expect(JSONValue.object([("a", .array([.integer(1)]))]).text(indented: true) == "{\n  \"a\": [\n    1\n  ]\n}")
    }

    @Test(arguments: [
        (0, "0"), (1.5, "1.5"), (-0.25, "-0.25"), (2.0 / 3, "0.667"), (1e14, "100000000000000"), (-0.0001, "0"),
        (12.9996, "13"),
    ])
    func `numbers have no more decimals than asked for`(value: Double, text: String) {
        #expect(decimal(value, digits: 3) == text)
    }

    @Test func `lengths of time are said as people do`() {
        #expect(
            [1_500_000_000, 61_000_000_000, 3_660_000_000_000, 90_000_000_000_000].map(spoken) == [
                "1.5s", "1m 1s", "1h 1m", "1d 1h",
            ])
    }
}
