// Replays captures through the samplers of one or two configurations, on a virtual clock.
//
//     captures ─▶ CaptureMerge ─▶ request, arrival time ─┬─▶ SimulatedRun (new)      ─▶ RunRecorder
//                                                        └─▶ SimulatedRun (baseline) ─▶ RunRecorder
//
// Each run has its own clock, books and byte budget; a request is decoded once. Everything happens on the calling task,
// in one order. Nothing depends on the machine: hashes have fixed keys, the window has one shard, and the byte budget is
// the same everywhere. So a simulation gives the same result every time, and a configuration the same as itself.

package import CollectorCore

/// How far a simulation is.
package struct SimulationProgress: Sendable {
    /// Bytes of the captures, as they are stored.
    package var readBytes: Int
    package var totalBytes: Int?
    package var spans: Int
    /// Nanoseconds since 1970.
    package var virtualTime: UInt64
}

package struct Simulation {
    private let plan: SimulationPlan
    private let baseline: SimulationPlan?
    private let budgetBytes: Int
    private let log: Log

    /// What each run's buffers may hold, whatever memory the machine has: a window takes half of it, the most that one
    /// shard has. `max_buffer_mib` and `memory_limiter` lower it as in the daemon.
    package static let budgetBytes = 4 << 30

    /// - Parameter budgetBytes: what each run's buffers may hold.
    package init(
        _ plan: SimulationPlan, baseline: SimulationPlan?, budgetBytes: Int = Simulation.budgetBytes, log: Log
    ) {
        self.plan = plan
        self.baseline = baseline
        self.budgetBytes = budgetBytes
        self.log = log
    }

    /// Replays the captures.
    ///
    /// - Parameters:
    ///   - captures: paths; `-` is standard input.
    ///   - skipsMissing: whether captures that cannot be opened are left out.
    ///   - problem: called with each part of a capture that cannot be used; the rest is simulated.
    ///   - progress: called after each request.
    /// - Returns: what happened; check `report.captures` for captures without a single usable request and for parts
    ///   that cannot be read.
    /// - Throws: before anything is simulated when a capture cannot be opened.
    package func run(
        captures: [String], skipsMissing: Bool = false, problem: @escaping (CaptureProblem) -> Void,
        progress: (SimulationProgress) -> Void = { _ in }
    ) async throws(ComponentError) -> SimulationOutcome {
        let merge = CaptureMerge(paths: captures, log: CaptureLog(report: problem))
        guard skipsMissing || merge.counts.unopened == 0 else {
            throw ComponentError("a capture cannot be opened; --skip-broken goes on without it")
        }
        let roster = TraceRoster()
        var request = merge.next()
        var seen = SeenTraffic(firstArrival: request?.time ?? 0)
        let run = try await make(plan, roster, from: seen.firstArrival)
        var other: SimulatedRun?
        if let baseline { other = try await make(baseline, roster, from: seen.firstArrival) }
        let begin = run.pipeline.clock.now()
        while let current = request {
            seen.add(current, to: roster)
            run.pipeline.take(current.batch, at: current.time)
            other?.pipeline.take(current.batch, at: current.time)
            let (read, total) = merge.progress
            progress(
                SimulationProgress(
                    readBytes: read, totalBytes: total, spans: seen.spans, virtualTime: current.time))
            request = merge.next()
        }
        let duration = run.pipeline.clock.now() - begin
        await run.pipeline.finish()
        await other?.pipeline.finish()
        return SimulationOutcome(
            captures: merge.counts, seen: seen, duration: duration, roster: roster, run: run, baseline: other)
    }

    private func make(
        _ plan: SimulationPlan, _ roster: TraceRoster, from time: UInt64
    ) async throws(ComponentError) -> SimulatedRun {
        try await SimulatedRun(plan, roster: roster, from: time, budgetBytes: budgetBytes, log: log)
    }
}

/// What went into a simulation.
struct SeenTraffic {
    var spans = 0
    var bytes = 0
    let firstArrival: UInt64
    private(set) var lastArrival: UInt64

    init(firstArrival: UInt64) {
        self.firstArrival = firstArrival
        lastArrival = firstArrival
    }

    mutating func add(_ request: CapturedRequest, to roster: TraceRoster) {
        spans += request.batch.itemCount
        bytes += request.batch.byteCount
        lastArrival = request.time
        for segment in request.batch.segments {
            if case .traces(let index) = segment.index { roster.enter(index.spans) }
        }
    }
}
