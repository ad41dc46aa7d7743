import CollectorCore
import Glibc

/// What a process has used so far, from /proc.
struct ProcessUsage: Sendable {
    /// User and system time of all its threads, also those that have ended.
    var cpuSeconds: Double
    var residentBytes: Int
    var peakResidentBytes: Int

    /// Nil when there is no such process.
    init?(pid: Int) {
        guard let stat = SystemFile.text("/proc/\(pid)/stat"), let status = SystemFile.text("/proc/\(pid)/status"),
            let ticks = Self.ticks(stat: stat),
            let resident = Self.kilobytes("VmRSS", status: status),
            let peak = Self.kilobytes("VmHWM", status: status)
        else { return nil }
        cpuSeconds = Double(ticks) / Double(max(1, sysconf(Int32(_SC_CLK_TCK))))
        residentBytes = resident << 10
        peakResidentBytes = peak << 10
    }

    /// The sum for several processes; nil when one of them does not exist.
    static func sum(_ pids: [Int]) -> ProcessUsage? {
        var total: ProcessUsage?
        for pid in pids {
            guard let usage = ProcessUsage(pid: pid) else { return nil }
            total = total.map { $0.adding(usage) } ?? usage
        }
        return total
    }

    private func adding(_ other: ProcessUsage) -> ProcessUsage {
        var sum = self
        sum.cpuSeconds += other.cpuSeconds
        sum.residentBytes += other.residentBytes
        sum.peakResidentBytes += other.peakResidentBytes
        return sum
    }

    /// utime + stime of proc_pid_stat(5), fields 14 and 15; the second field, the name in parentheses, may contain
    /// anything.
    static func ticks(stat: String) -> Int? {
        guard let name = stat.lastIndex(of: ")") else { return nil }
        let fields = stat[name...].split(separator: " ")
        guard fields.count > 13, let user = Int(fields[12]), let system = Int(fields[13]) else { return nil }
        return user + system
    }

    static func kilobytes(_ name: String, status: String) -> Int? {
        for line in status.split(separator: "\n") where line.hasPrefix(name + ":") {
            return line.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first.flatMap { Int($0) }
        }
        return nil
    }

    /// CPU seconds of this process.
    static var ownCPUSeconds: Double {
        var usage = rusage()
        // unsafe: fills the structure it is given.
        unsafe getrusage(Int32(RUSAGE_SELF.rawValue), &usage)
        func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
        return seconds(usage.ru_utime) + seconds(usage.ru_stime)
    }
}
