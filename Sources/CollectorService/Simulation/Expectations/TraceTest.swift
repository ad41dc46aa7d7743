package import CollectorCore
import NIOCore
import OTLPWire

/// One trace written out in a file of expectations, and what must become of it: a unit test of policies without a capture.
package struct TraceTest: Sendable {
    let name: String
    let mark: SourceMark
    let traceID: TraceID
    let spans: [SpanSketch]
    let fate: ExpectedFate

    /// - Parameter number: of the test in its file, which makes the trace id when none is given.
    init(_ reader: ConfigReader, number: Int) {
        name = reader.requiredString("name", example: "slow checkout")
        mark = reader.mark
        let id = reader.optional("trace_id") { (node) throws(ConfigMistake) in
            guard let id = TraceID(hexadecimal: try node.decodeString()), !id.isZero else {
                throw node.mistake(expected: "a trace id of 32 hexadecimal digits, not all zero")
            }
            return id
        }
        traceID = id ?? Self.id(number)
        spans = reader.sections("spans").map(SpanSketch.init)
        if spans.isEmpty { reader.error("spans", "must have at least one span, for example `[{duration: 700ms}]`") }
        fate = ExpectedFate(reader.settings("expect"))
    }

    /// Spread evenly, as samplers expect of ids; the same in every run (SplitMix64).
    private static func id(_ number: Int) -> TraceID {
        func mix(_ seed: UInt64) -> UInt64 {
            var value = seed &* 0x9e37_79b9_7f4a_7c15
            value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
            value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
            return value ^ (value >> 31)
        }
        return TraceID(high: mix(UInt64(number) &* 2), low: mix(UInt64(number) &* 2 &+ 1))
    }

    /// The trace as a request, in OTLP/JSON: what a sender would have written.
    private var request: JSONValue {
        .object([
            (
                "resourceSpans",
                .array(
                    spans.enumerated().map { position, span in
                        span.resourceSpans(traceID, number: position + 1, isRoot: position == 0)
                    })
            )
        ])
    }

    /// Runs the trace alone through fresh samplers, so that no test depends on another.
    package func run(_ plan: SimulationPlan, budgetBytes: Int, log: Log) async throws(ComponentError)
        -> ExpectationResult
    {
        let decided = LastDecision()
        let recorded: SimulatedRun
        let roster = TraceRoster()
        do {
            let item = CaptureItem(form: .json, bytes: ByteBuffer(string: request.text), line: 0)
            let captured = try CapturedRequest(item)
            recorded = try await SimulatedRun(
                plan, roster: roster, from: captured.time, budgetBytes: budgetBytes, log: log)
            recorded.pipeline.decisions.observe { decided.note($0) }
            for segment in captured.batch.segments {
                if case .traces(let index) = segment.index { roster.enter(index.spans) }
            }
            recorded.pipeline.take(captured.batch, at: captured.time)
            await recorded.pipeline.finish()
        } catch let mistake as CaptureMistake {
            return result(found: "that it is no valid trace: \(mistake.message)", holds: false)
        } catch {
            throw error as? ComponentError ?? ComponentError("\(error)")
        }
        let outcome = recorded.recorder.outcome(at: 0)
        let policy = recorded.recorder.policy(outcome.decider)
        let votes = decided.votes
        return result(
            found: ExpectedFate.words(outcome.isKept, policy ?? "(none)") + (votes.isEmpty ? "" : " (\(votes))"),
            holds: fate.admits(isKept: outcome.isKept, policy: policy))
    }

    private func result(found: String, holds: Bool) -> ExpectationResult {
        ExpectationResult(mark: mark, subject: "trace \"\(name)\"", expected: fate.words, found: found, holds: holds)
    }
}
