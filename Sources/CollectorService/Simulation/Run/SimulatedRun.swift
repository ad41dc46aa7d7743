import CollectorCore

/// One configuration going through the captures.
struct SimulatedRun {
    let plan: SimulationPlan
    let pipeline: SimulatedPipeline
    let recorder: RunRecorder

    /// - Parameter time: when the simulation begins, since 1970.
    init(
        _ plan: SimulationPlan, roster: TraceRoster, from time: UInt64, budgetBytes: Int, log: Log
    ) async throws(ComponentError) {
        self.plan = plan
        let clock = VirtualClock(wallTime: time)
        let recorder = RunRecorder(roster: roster, clock: clock)
        self.recorder = recorder
        pipeline = try SimulatedPipeline(
            plan, clock: clock, budgetBytes: budgetBytes, log: log, end: KeptSpans(recorder))
        let sampler = "\(plan.sampler)"
        pipeline.decisions.observe { decisions in
            recorder.note(decisions.filter { $0.sampler == sampler })
        }
        try await pipeline.start()
    }

    func result(over duration: UInt64) -> RunResult {
        recorder.result(plan.label, over: duration, refusedSpans: pipeline.refusedSpans)
    }
}
