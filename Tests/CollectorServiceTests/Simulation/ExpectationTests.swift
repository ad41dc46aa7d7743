import CollectorCore
import CollectorTestKit
import OTLPWire
import Testing

@testable import CollectorService

@Suite struct ExpectationTests {
    private func load(
        _ yaml: String, hasBaseline: Bool = false, hasCaptures: Bool = true
    ) throws -> (file: ExpectationFile?, errors: [String]) {
        let files = try ConfigFiles(["e.yaml": yaml])
        let diagnostics = Diagnostics()
        let file = ExpectationFile.load(
            path: files.path("e.yaml"), hasBaseline: hasBaseline, hasCaptures: hasCaptures, diagnostics: diagnostics)
        return (file, diagnostics.errors.map { "\($0)".replacing(files.directory + "/", with: "") })
    }

    /// What is found of each expectation: `+` holds, `-` does not.
    private func check(_ yaml: String) async throws -> [String] {
        let text =
            try line(span(1, endingAt: 1, error: true)) + line(span(2, endingAt: 2, lasting: .seconds(1)))
            + line(span(3, endingAt: 11))
        let outcome = try await simulate(fakePlan(), baseline: fakePlan("slow_ms: 2000"), text)
        let file = try #require(try load(yaml, hasBaseline: true).file)
        return file.expectations.map { expectation in
            let result = expectation.check(outcome)
            return "\(result.holds ? "+" : "-") \(result.subject): \(result.found), \(result.expected)"
        }
    }

    @Test func `numbers are compared with their bounds`() async throws {
        let found = try await check(
            """
            expect:
              - kept_traces: {at_least: 2, at_most: 3}
                kept_traces_percent: {at_most: 50}
              - kept_spans: 2
              - kept_spans: {exactly: 3}
              - kept_spans_per_second: {at_most: 0.2}
              - gained_traces: 1
              - lost_traces: {at_least: 1}
              - traces: 3
            """)
        #expect(
            found == [
                "+ kept_traces: 2, from 2 to 3", "- kept_traces_percent: 66.667, at most 50",
                "+ kept_spans: 2, exactly 2", "- kept_spans: 2, exactly 3", "+ kept_spans_per_second: 0.2, at most 0.2",
                "+ gained_traces: 1, exactly 1", "- lost_traces: 0, at least 1", "+ traces: 3, exactly 3",
            ])
    }

    @Test func `policies and single traces can be asked for`() async throws {
        let found = try await check(
            """
            expect:
              - policy: errors
                kept_traces: {at_least: 1}
                votes: 1
              - {policy: error, kept_traces: 1}
              - {policy: (none), dropped_traces: 1}
              - {trace: \(TraceID.test(1)), decision: kept, by: errors}
              - {trace: \(TraceID.test(2)), decision: kept, by: errors}
              - {trace: \(TraceID.test(3)), decision: dropped, by: (none)}
              - {trace: \(TraceID.test(3)), decision: kept}
              - {trace: \(TraceID.test(9)), decision: kept}
            """)
        #expect(
            found == [
                "+ policy errors: kept_traces: 1, at least 1", "+ policy errors: votes: 1, exactly 1",
                "- policy error: kept_traces: no policy of this name; did you mean `errors`?, exactly 1",
                "+ policy (none): dropped_traces: 1, exactly 1",
                "+ trace \(TraceID.test(1)): kept by errors, kept by errors",
                "- trace \(TraceID.test(2)): kept by slow, kept by errors",
                "+ trace \(TraceID.test(3)): dropped by (none), dropped by (none)",
                "- trace \(TraceID.test(3)): dropped by (none), kept",
                "- trace \(TraceID.test(9)): no such trace in the captures, kept",
            ])
    }

    @Test func `mistakes are reported with path, line and column`() throws {
        let errors = try load(
            """
            expect:
              - kept_trace: 5
              - kept_traces: {at_last: 5}
              - kept_traces: {at_least: 5, at_most: 4}
              - kept_traces: {}
              - trace: 5b8a
                decision: kept
              - trace: 5b8aa5a2d2c872e8321cf37308d69df2
              - lost_traces: 0
              - {policy: a, kept_spans_per_second: 3}
            extra: 1
            """
        ).errors.sorted()
        #expect(
            errors.map { $0.replacing("e.yaml:", with: "") } == [
                "10:17: error: expect[7].kept_spans_per_second: unknown key `kept_spans_per_second`; did you mean "
                    + "`kept_spans_percent`?",
                "11:1: error: extra: unknown key `extra`; known here: expect, traces",
                "2:5: error: expect[0].kept_trace: unknown key `kept_trace`; did you mean `kept_traces`?",
                "3:19: error: expect[1].kept_traces.at_last: unknown key `at_last`; did you mean `at_least`?",
                "4:19: error: expect[2].kept_traces.at_least: must not be greater than `at_most`; no number is both",
                "5:18: error: expect[3].kept_traces: expected `at_least`, `at_most` or `exactly` with a number",
                "6:12: error: expect[4].trace: expected a trace id of 32 hexadecimal digits, found `5b8a`",
                "8:5: error: expect[5]: expected `decision: kept`, `decision: dropped` or `by` with the name of a "
                    + "policy",
                "9:5: error: expect[6].lost_traces: compares with a baseline; name one with `--baseline`",
            ])
    }

    @Test func `a file that expects nothing, or something of captures that are not there, is a mistake`() throws {
        #expect(try load("").errors.count == 1)
        #expect(try load("expect: []").errors.count == 1)
        #expect(try load("expect: [{policy: errors}]").errors.count == 1)
        let errors = try load("expect: [{kept_traces: 1}]", hasCaptures: false).errors
        #expect(
            errors == ["e.yaml:1:1: error: expect: there is no capture to expect this of; name one on the command line"]
        )
        #expect(try load("\t").errors.count == 1)
    }
}

@Suite struct TraceTestTests {
    private func run(_ yaml: String) async throws -> [String] {
        let files = try ConfigFiles(["e.yaml": yaml])
        let diagnostics = Diagnostics()
        let file = ExpectationFile.load(
            path: files.path("e.yaml"), hasBaseline: false, hasCaptures: false, diagnostics: diagnostics)
        #expect(diagnostics.errors == [])
        let plan = try #require(fakePlan())
        var found: [String] = []
        for test in try #require(file).tests {
            let result = try await test.run(plan, budgetBytes: 1 << 26, log: Log(write: { _ in }))
            found.append("\(result.holds ? "+" : "-") \(result.subject): \(result.found)")
        }
        return found
    }

    @Test func `a trace written out is decided like any other, and a failure tells the votes`() async throws {
        let found = try await run(
            """
            traces:
              - name: slow checkout
                spans:
                  - {service: shop, name: checkout, duration: 700ms}
                  - {service: bank, name: pay, start: 100ms, duration: 20ms, kind: CLIENT, status: OK,
                     attributes: {amount: 3, share: 0.5, paid: true, text: "5", list: [1, a]}, resource: {zone: eu},
                     events: [{name: retry, attributes: {n: 1}}], trace_state: "ot=th:8"}
                expect: {decision: kept, by: slow}
              - name: failed
                spans: [{duration: 1ms}, {status: ERROR}]
                expect: {by: errors}
              - name: quick
                trace_id: 5b8aa5a2d2c872e8321cf37308d69df2
                spans: [{}]
                expect: {decision: kept}
            """)
        #expect(
            found == [
                "+ trace \"slow checkout\": kept by slow (errors: not_sampled, status; slow: sampled, latency 700 ms)",
                "+ trace \"failed\": kept by errors (errors: sampled, status; slow: not_sampled, latency 1 ms)",
                "- trace \"quick\": dropped by (none) (errors: not_sampled, status; slow: not_sampled, latency 1 ms)",
            ])
    }

    @Test func `attributes may be nested`() async throws {
        let found = try await run(
            "traces: [{name: bad, spans: [{attributes: {nested: {a: {b: [{c: {}}]}}}}], expect: {decision: dropped}}]")
        #expect(found.count == 1)
        #expect(found.first?.hasPrefix("+ trace \"bad\": dropped by (none)") == true)
    }
}
