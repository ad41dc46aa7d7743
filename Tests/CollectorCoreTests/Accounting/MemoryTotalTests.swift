import Testing

@testable import CollectorCore

@Suite struct MemoryTotalTests {
    private static let machine = "MemTotal:       24684092 kB\nMemFree:        22203624 kB\n"

    private func detect(_ files: [String: String]) -> Int { MemoryTotal.detect { files[$0] } }

    @Test func `the machine's memory counts where no group has a limit`() {
        #expect(detect(["/proc/meminfo": Self.machine]) == 24_684_092 * 1024)
        #expect(
            detect([
                "/proc/meminfo": Self.machine, "/proc/self/cgroup": "0::/a\n", "/sys/fs/cgroup/a/memory.max": "max\n",
            ]) == 24_684_092 * 1024)
    }

    @Test func `a file is read, and one that is missing is nil`() {
        #expect(SystemFile.text("/proc/meminfo")?.contains("MemTotal:") == true)
        #expect(SystemFile.text("/proc/no such file") == nil)
        #expect(SystemFile.text("/dev/null") == nil)
    }

    @Test func `the smallest limit of a group and those around it counts`() {
        let files = [
            "/proc/meminfo": Self.machine, "/proc/self/cgroup": "0::/slice/service\n",
            "/sys/fs/cgroup/slice/service/memory.max": "2147483648\n",
            "/sys/fs/cgroup/slice/memory.max": "1073741824\n",
        ]
        #expect(detect(files) == 1 << 30)
    }

    @Test func `a container whose group path is the host's has its limit at the root`() {
        let files = [
            "/proc/meminfo": Self.machine, "/proc/self/cgroup": "0::/kubepods/pod1\n",
            "/sys/fs/cgroup/memory.max": "268435456\n",
        ]
        #expect(detect(files) == 256 << 20)
    }

    @Test func `the first version of control groups is read too`() {
        let files = [
            "/proc/meminfo": Self.machine, "/proc/self/cgroup": "5:cpu,cpuacct:/x\n4:memory:/x\n0::/\n",
            "/sys/fs/cgroup/memory/x/memory.limit_in_bytes": "536870912\n",
            "/sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
        ]
        #expect(detect(files) == 512 << 20)
    }

    @Test func `without any file a small size is assumed`() {
        #expect(detect([:]) == MemoryTotal.fallback)
    }

    @Test func `this machine has an answer`() {
        #expect(MemoryTotal.bytes > 0)
        #expect(MemoryTotal.defaultBudget == MemoryTotal.bytes / 4)
    }
}
