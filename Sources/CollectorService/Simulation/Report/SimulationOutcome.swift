package import OTLPWire

/// A simulation that has ended: its report, and what became of single traces.
package struct SimulationOutcome {
    package let report: SimulationReport
    private let roster: TraceRoster
    private let recorder: RunRecorder

    init(
        captures: CaptureCounts, seen: SeenTraffic, duration: UInt64, roster: TraceRoster, run: SimulatedRun,
        baseline: SimulatedRun?
    ) {
        self.roster = roster
        recorder = run.recorder
        report = SimulationReport(
            captures: captures, traces: roster.count, spans: seen.spans, bytes: seen.bytes,
            firstArrival: seen.firstArrival, lastArrival: seen.lastArrival, durationNanoseconds: duration,
            run: run.result(over: duration), baseline: baseline?.result(over: duration),
            difference: baseline.map { TraceDifference(roster, run.recorder, $0.recorder) },
            notes: captures.notes + run.plan.notes + (baseline?.plan.notes ?? []))
    }

    /// Whether the new configuration keeps a trace and which policy decided (nil when none wanted it); nil for a trace
    /// that is not in the captures.
    package func fate(of trace: TraceID) -> (isKept: Bool, policy: String?)? {
        guard let position = roster.position(of: trace) else { return nil }
        let outcome = recorder.outcome(at: position)
        return (outcome.isKept, recorder.policy(outcome.decider))
    }
}
