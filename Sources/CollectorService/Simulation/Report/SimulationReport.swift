package import OTLPWire

/// The result of a simulation.
package struct SimulationReport: Sendable {
    package var captures: CaptureCounts
    package var traces: Int
    package var spans: Int
    /// As OTLP requests, uncompressed.
    package var bytes: Int
    /// Nanoseconds since 1970, of the first and the last request.
    package var firstArrival: UInt64
    package var lastArrival: UInt64
    /// Of virtual time between these two; gaps of more than a day count as a day.
    package var durationNanoseconds: UInt64
    package var run: RunResult
    package var baseline: RunResult?
    /// Against the baseline; nil without one.
    package var difference: TraceDifference?
    /// What a reader should know of how the configurations were simulated.
    package var notes: [String]
}

/// Traces that one of two configurations keeps.
package struct TraceDifference: Sendable {
    package struct Example: Sendable, Equatable {
        package var traceID: TraceID
        /// The policies that decided; nil when none wanted the trace.
        package var policy: String?
        package var baselinePolicy: String?
    }

    /// Kept now, dropped by the baseline.
    package var gained = 0
    /// Dropped now, kept by the baseline.
    package var lost = 0
    /// Some of each, in the order in which they were first seen.
    package var gainedExamples: [Example] = []
    package var lostExamples: [Example] = []

    static let examples = 10

    init(_ roster: TraceRoster, _ run: RunRecorder, _ baseline: RunRecorder) {
        for (position, (now, before)) in zip(run.outcomes, baseline.outcomes).enumerated()
        where now.isKept != before.isKept {
            if now.isKept { gained += 1 } else { lost += 1 }
            guard (now.isKept ? gainedExamples : lostExamples).count < Self.examples else { continue }
            let example = Example(
                traceID: roster.id(at: position), policy: run.policy(now.decider),
                baselinePolicy: baseline.policy(before.decider))
            if now.isKept { gainedExamples.append(example) } else { lostExamples.append(example) }
        }
    }
}
