import CollectorCore
import CollectorProcessors
import CollectorTestKit
import OTLPWire
import Synchronization
import Testing

@testable import CollectorService

@Suite struct SimulationTests {
    /// Failed, slow, failed and slow, neither; the last with two spans.
    private var four: String {
        get throws {
            try line(span(1, endingAt: 1, error: true)) + line(span(2, endingAt: 2, lasting: .seconds(1)))
                + line(span(3, endingAt: 3, lasting: .milliseconds(300), error: true))
                + line(span(4, endingAt: 4), span(4, endingAt: 4, id: 2))
        }
    }

    @Test func `traces, spans and bytes that come out are counted, and who decided`() async throws {
        let outcome = try await simulate(fakePlan(), four)
        let report = outcome.report
        #expect((report.traces, report.spans) == (4, 5))
        #expect((report.run.keptTraces, report.run.keptSpans) == (3, 3))
        #expect(report.run.keptBytes > 0 && report.run.keptBytes < report.bytes)
        #expect(report.run.policies.map(\.name) == ["errors", "slow", "(none)"])
        #expect(report.run.policies.map(\.keptTraces) == [2, 1, 0])
        #expect(report.run.policies.map(\.droppedTraces) == [0, 0, 1])
        #expect(report.run.policies.map(\.keptSpans) == [2, 1, 0])
        #expect(report.run.policy("slow")?.votes == [.sampled: 1, .notSampled: 3])
        #expect(report.run.triggers.map(\.key) == ["timeout"])
        #expect(report.run.undecidedTraces == 0)
        #expect(report.durationNanoseconds == 3 * second)
        #expect((report.firstArrival, report.lastArrival) == (captureStart + second, captureStart + 4 * second))
    }

    @Test func `a trace's fate and its policy are known`() async throws {
        let outcome = try await simulate(fakePlan(), four)
        #expect(outcome.fate(of: .test(2))?.policy == "slow")
        #expect(outcome.fate(of: .test(4))?.isKept == false)
        #expect(outcome.fate(of: .test(99)) == nil)
    }

    @Test func `against a baseline, traces gained and lost are counted, with examples`() async throws {
        let report = try await simulate(
            fakePlan("slow_ms: 200"), baseline: fakePlan("slow_ms: 2000", label: "old.yaml"), four
        ).report
        #expect((report.run.keptTraces, report.baseline?.keptTraces) == (3, 2))
        let difference = try #require(report.difference)
        #expect((difference.gained, difference.lost) == (1, 0))
        #expect(
            difference.gainedExamples == [
                TraceDifference.Example(traceID: .test(2), policy: "slow", baselinePolicy: nil)
            ])
    }

    @Test func `examples are limited to ten and in the order of arrival`() async throws {
        let text = try (0..<30).map { try line(span($0, endingAt: 1, lasting: .seconds(1))) }.joined()
        let report = try await simulate(fakePlan("slow_ms: 2000"), baseline: fakePlan(), text).report
        let difference = try #require(report.difference)
        #expect(difference.lost == 30)
        #expect(difference.lostExamples.map(\.traceID) == (0..<10).map { TraceID.test($0) })
        #expect(difference.lostExamples.allSatisfy { $0.baselinePolicy == "slow" && $0.policy == nil })
    }

    @Test func `timers run before the request that comes later, with the clock at their time`() async throws {
        // Two spans of one trace, further apart than the wait: two decisions, of which the first keeps.
        let text = try line(span(1, endingAt: 0, error: true)) + line(span(1, endingAt: 20, id: 2))
        let plan = try #require(fakePlan("decision_wait: 5s"))
        let roster = TraceRoster()
        let run = try await SimulatedRun(
            plan, roster: roster, from: captureStart, budgetBytes: 1 << 20, log: Log(write: { _ in }))
        let decided = AnnouncedDecisions()
        run.pipeline.decisions.observe { decided.append($0) }
        let files = try ConfigFiles(["a": text])
        let merge = CaptureMerge(paths: [files.path("a")], log: CaptureLog { _ in })
        while let request = merge.next() { run.pipeline.take(request.batch, at: request.time) }
        #expect(decided.all.map(\.decidedAt) == [captureStart + 5 * second])
        await run.pipeline.finish()
        #expect(decided.all.map(\.decidedAt) == [captureStart + 5 * second, captureStart + 25 * second])
        #expect(decided.all.map(\.isKept) == [true, false])
    }

    @Test func `a trace that is decided twice counts by the decision that kept it`() async throws {
        let text =
            try line(span(1, endingAt: 0, error: true)) + line(span(1, endingAt: 20, id: 2))
            + line(span(2, endingAt: 21)) + line(span(2, endingAt: 41, error: true, id: 2))
        let outcome = try await simulate(fakePlan(), text)
        #expect(outcome.report.run.keptTraces == 2)
        for trace: UInt64 in [1, 2] {
            #expect(outcome.fate(of: .test(trace))?.isKept == true)
            #expect(outcome.fate(of: .test(trace))?.policy == "errors")
        }
    }

    @Test func `a silence of years counts as a day and everything before it is decided`() async throws {
        let late = 400 * 86_400.0
        let text =
            try line(span(1, endingAt: 0, error: true)) + line(span(2, endingAt: late, error: true))
            + line(span(3, endingAt: late + 1, error: true))
        let report = try await simulate(fakePlan("decision_wait: 1h"), text).report
        #expect(report.run.keptTraces == 3)
        #expect(report.durationNanoseconds == 86_401 * second)
        #expect(report.lastArrival == captureStart + UInt64(late + 1) * second)
    }

    @Test func `a sender that is held back waits, and nothing is lost`() async throws {
        let report = try await simulate(fakePlan("blocks: true"), four).report
        #expect(report.run.keptTraces == 3)
        #expect(report.run.policies.map(\.droppedTraces) == [0, 0, 1])
        #expect(report.run.refusedSpans == 0)
    }

    @Test func `the highest rate is that of the fullest interval`() async throws {
        // An hour with one trace a minute, and sixty of them in one minute.
        var text = ""
        for minute in 0..<60 {
            for second in 0..<(minute == 30 ? 60 : 1) {
                text += try line(
                    span(UInt64(minute * 60 + second), endingAt: Double(minute * 60 + second), error: true))
            }
        }
        let rates = try await simulate(fakePlan("decision_wait: 0s"), text).report.run.rates
        #expect(rates.peakSeconds == 60)
        #expect(rates.peakSpansPerSecond == 1)
        #expect(abs(rates.spansPerSecond - 119.0 / 3540) < 1e-9)
    }

    @Test func `captures without a usable request give an empty report`() async throws {
        let report = try await simulate(fakePlan(), "nonsense\n").report
        #expect(report.captures.isEmpty)
        #expect(report.captures.unreadable == 1)
    }
}

/// The samplers of the collector itself.
@Suite struct RealSamplerSimulationTests {
    private let registry = ComponentRegistry(
        receivers: TracedFactories().registry.receivers,
        processors: [TailSamplingFactory(), ProbabilisticSamplerFactory()],
        exporters: TracedFactories().registry.exporters, extensions: [])

    private func plan(_ processors: String, _ names: String) throws -> SimulationPlan {
        let (plan, diagnostics) = SimulationPlan.load(
            label: "real.yaml", sources: ["yaml:" + samplingConfig(processors, names)],
            environment: ConfigEnvironment([:]), registry: registry)
        #expect(diagnostics.errors == [])
        return try #require(plan)
    }

    private let policies = """
        decision_wait: 10s, num_shards: 7, policies: [
        {name: errors, type: status_code, status_code: {status_codes: [ERROR]}},
        {name: slow, type: latency, latency: {threshold_ms: 500}}]
        """

    /// A day with a trace of two spans every ten seconds, a fifth of a second apart; each 50th fails in the second, each 40th is slow.
    private var day: String {
        get throws {
            var text = ""
            for trace: UInt64 in 0..<8640 {
                let end = Double(trace) * 10
                let duration: Duration = trace % 40 == 0 ? .milliseconds(800) : .milliseconds(20)
                text += try line(span(trace, endingAt: end, lasting: duration))
                text += try line(span(trace, endingAt: end + 0.2, error: trace % 50 == 0, id: 2))
            }
            return text
        }
    }

    @Test func `a day goes through tail_sampling whole, and exactly the right traces come out`() async throws {
        let outcome = try await simulate(plan("tail_sampling: {\(policies)}", "tail_sampling"), day)
        let numbers: [UInt64] = Array(0..<8640)
        let expected = numbers.filter { $0 % 40 == 0 || $0 % 50 == 0 }.map { TraceID.test($0) }
        #expect(outcome.report.traces == 8640)
        #expect(outcome.report.run.keptTraces == expected.count)
        #expect(outcome.report.run.keptSpans == 2 * expected.count)
        let kept = numbers.map { TraceID.test($0) }.filter { outcome.fate(of: $0)?.isKept == true }
        #expect(kept == expected)
    }

    @Test func `one clock that is wrong changes nothing but is told`() async throws {
        let limit =
            "decision_wait: 1s, policies: [{name: l, type: rate_limiting, rate_limiting: {spans_per_second: 3}}]"
        let plan = try plan("tail_sampling: {\(limit)}", "tail_sampling")
        /// Ten spans a second for a minute, one of which ends so much later.
        func capture(skew: Double) throws -> String {
            try (0..<300).map { number in
                let (trace, end) = (UInt64(number), Double(number) / 5)
                return try line(
                    span(2 * trace, endingAt: end), span(2 * trace + 1, endingAt: end + (number == 100 ? skew : 0)))
            }.joined()
        }
        let right = try await simulate(plan, capture(skew: 0)).report
        #expect(right.notes == [] && right.run.keptTraces > 150 && right.run.keptTraces < 250)
        for skew in [3600, 86_400 * 365.0] {
            let report = try await simulate(plan, capture(skew: skew)).report
            #expect(report.run.keptTraces == right.run.keptTraces)
            #expect(report.durationNanoseconds == right.durationNanoseconds)
            #expect(report.captures.requestsAhead == 1)
            #expect(
                report.table.contains("note: 1 request with spans that end more than a minute ahead of the requests"))
            #expect(report.json([]).text.contains("\"requests_ahead\":1,\"requests_behind\":0,"))
        }
    }

    @Test func `a probabilistic sampler in front thins out what tail_sampling sees`() async throws {
        let processors = "probabilistic_sampler: {sampling_percentage: 50}, tail_sampling: {\(policies)}"
        let all = try await simulate(plan("tail_sampling: {\(policies)}", "tail_sampling"), day).report.run.keptTraces
        let plan = try plan(processors, "probabilistic_sampler, tail_sampling")
        let half = try await simulate(plan, day).report.run.keptTraces
        #expect(half > all * 3 / 10 && half < all * 7 / 10)
        #expect(try await simulate(plan, day).report.run.keptTraces == half)
    }
}

private final class AnnouncedDecisions: Sendable {
    private let state = Mutex<[TraceDecision]>([])

    var all: [TraceDecision] { state.withLock { $0 } }
    func append(_ decisions: [TraceDecision]) { state.withLock { $0 += decisions } }
}
