import Glibc

/// A run from warm-up to report.
struct Measurement {
    private let plan: LoadPlan
    private let generator: LoadGenerator
    private let pids: [Int]
    private let sink: SinkReader?
    private let settle: Duration

    /// - Parameter settle: how long to wait for what is still on its way, after the warm-up and at the end.
    init(plan: LoadPlan, pids: [Int], sinkStats: String?, settle: Duration) throws(PlanError) {
        self.plan = plan
        self.pids = pids
        self.settle = settle
        generator = try LoadGenerator(plan)
        sink = if let sinkStats { try SinkReader(url: sinkStats) } else { nil }
    }

    /// Blocks; from no event loop.
    func run(warmup: Duration, duration: Duration) throws -> LoadReport {
        // What the warm-up sent must not be paid for, nor arrive, in the measured part.
        if warmup > .zero {
            let sinkBefore = try sink?.read()
            _ = try settled(after: try generator.run(for: warmup), since: sinkBefore)
        }
        let sinkBefore = try sink?.read()
        let before = try usage()
        let ownBefore = ProcessUsage.ownCPUSeconds
        let clock = ContinuousClock()
        let start = clock.now
        let tally = try generator.run(for: duration)
        let seconds = (clock.now - start) / .seconds(1)
        let own = ProcessUsage.ownCPUSeconds - ownBefore
        let atEnd = try usage()
        let sinkAfter = try settled(after: tally, since: sinkBefore)
        let after = try usage()
        var report = LoadReport(plan: plan, seconds: seconds, tally: tally, ownCPUSeconds: own)
        if let before, let atEnd, let after {
            report.process = LoadReport.Process(
                cpuSeconds: after.cpuSeconds - before.cpuSeconds, residentBytesBefore: before.residentBytes,
                residentBytesAtEnd: atEnd.residentBytes, peakResidentBytes: after.peakResidentBytes)
        }
        if let sinkBefore, let sinkAfter {
            report.arrival = LoadReport.Arrival(
                items: sinkAfter.items - sinkBefore.items, requests: sinkAfter.requests - sinkBefore.requests,
                wireBytes: sinkAfter.wireBytes - sinkBefore.wireBytes)
        }
        return report
    }

    /// Waits until what was sent has arrived, or enough time has passed.
    private func settled(after tally: LaneTally, since before: SinkStatistics?) throws -> SinkStatistics? {
        guard let sink, let before else {
            usleep(UInt32(clamping: Int64(settle / .microseconds(1))))
            return nil
        }
        return try sink.settle(arrived: before.items + tally.takenItems, quiet: settle)
    }

    private func usage() throws(PlanError) -> ProcessUsage? {
        guard !pids.isEmpty else { return nil }
        guard let usage = ProcessUsage.sum(pids) else {
            throw PlanError(description: "a process of --pid \(pids) does not exist")
        }
        return usage
    }
}
