import Testing

@testable import otlpload

@Suite("Reports")
struct ReportTests {
    @Test("Percentiles are latencies that occurred, by nearest rank")
    func percentiles() {
        #expect(LatencySummary((1...1000).reversed().map { UInt64($0) }).values == [500, 900, 990, 999, 1000])
        #expect(LatencySummary([7]).values == [7, 7, 7, 7, 7])
        #expect(LatencySummary([]).values == [])
    }

    @Test("CPU time is read past a process name with spaces and parentheses")
    func statFields() {
        let stat = "42 (a) b (c) S 1 2 3 4 5 6 7 8 9 10 120 30 0 0 20 0 3 0 100\n"
        #expect(ProcessUsage.ticks(stat: stat) == 150)
        #expect(ProcessUsage.ticks(stat: "") == nil)
        #expect(ProcessUsage.ticks(stat: "42 (cut) S 1 2") == nil)
    }

    @Test("Memory is read from the lines of proc_pid_status")
    func statusLines() {
        let status = "Name:\tneedletail\nVmHWM:\t   20480 kB\nVmRSS:\t   10240 kB\n"
        #expect(ProcessUsage.kilobytes("VmHWM", status: status) == 20480)
        #expect(ProcessUsage.kilobytes("VmRSS", status: status) == 10240)
        #expect(ProcessUsage.kilobytes("VmSwap", status: status) == nil)
    }

    @Test("Losses are what was taken and did not arrive, and rates are per CPU-second")
    func losses() {
        var tally = LaneTally()
        tally.requests = 11
        tally.takenItems = 1000
        tally.errors = ["503": 1]
        tally.latencies = [1_000_000]
        var report = LoadReport(plan: LoadPlan(), seconds: 2, tally: tally, ownCPUSeconds: 0)
        report.arrival = LoadReport.Arrival(items: 990, requests: 10, wireBytes: 1)
        report.process = LoadReport.Process(
            cpuSeconds: 0.5, residentBytesBefore: 1, residentBytesAtEnd: 2, peakResidentBytes: 3)
        #expect(report.lost == 10)
        #expect(report.itemsPerCPUSecond == 2000)
        #expect(report.itemsPerSecond == 500)
        #expect(report.json.contains("\"errors\": {\"503\": 1}"))
        #expect(report.json.contains("\"lost_items\": 10"))
        #expect(report.text.contains("1 requests with 503"))
    }

    @Test("Tallies of several lanes add up")
    func tallies() {
        var left = LaneTally()
        left.requests = 1
        left.errors = ["429": 1]
        left.latencies = [5]
        var right = left
        right.errors = ["429": 2, "503": 1]
        left.add(right)
        #expect(left.requests == 2)
        #expect(left.errors == ["429": 3, "503": 1])
        #expect(left.latencies == [5, 5])
    }
}
