import CollectorCore
import Glibc

/// `otelcol_process_*`: what the process uses.
enum ProcessMetrics {
    static func register(_ telemetry: Telemetry, clock: any CollectorClock) {
        let start = clock.now()
        telemetry.counter("otelcol_process_uptime", "Uptime of the process in seconds.", []) {
            Double(clock.now() &- start) / 1e9
        }
        telemetry.counter("otelcol_process_cpu_seconds", "CPU user and system time in seconds.", []) { cpuSeconds() }
        telemetry.gauge("otelcol_process_memory_rss", "Resident memory in bytes.", []) { Double(residentBytes()) }
    }

    private static func cpuSeconds() -> Double {
        var usage = rusage()
        // unsafe: getrusage fills the structure it is given.
        unsafe getrusage(Int32(RUSAGE_SELF.rawValue), &usage)
        func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
        return seconds(usage.ru_utime) + seconds(usage.ru_stime)
    }

    /// The second number of /proc/self/statm, in pages.
    private static func residentBytes() -> Int {
        guard let fields = SystemFile.text("/proc/self/statm")?.split(separator: " "), fields.count > 1,
            let pages = Int(fields[1])
        else { return 0 }
        return pages * Int(sysconf(Int32(_SC_PAGESIZE)))
    }
}
