/// How much memory this process may use: the smallest limit of its control groups, or what the machine has.
package enum MemoryTotal {
    /// Bytes, found out at the first use.
    package static let bytes = detect(read: SystemFile.text)

    /// The default of the byte budget: a quarter, since indexes, queues' own memory and the runtime need room too.
    package static var defaultBudget: Int { bytes / 4 }

    /// When nothing can be read, what a small sidecar has.
    static let fallback = 512 << 20

    /// - Parameter read: the text of a file; nil when there is none.
    static func detect(read: (String) -> String?) -> Int {
        var limits = groupLimits(read)
        if let machine = read("/proc/meminfo").flatMap(machineTotal) { limits.append(machine) }
        return limits.min() ?? fallback
    }

    /// The limits of the process's memory control group and those around it. In a container the group's path may be that of
    /// the host and not exist; the root is the container's own group then, so it counts too.
    private static func groupLimits(_ read: (String) -> String?) -> [Int] {
        guard let groups = read("/proc/self/cgroup") else { return [] }
        var limits: [Int] = []
        for line in groups.split(separator: "\n") {
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3 else { continue }
            if fields[0] == "0", fields[1].isEmpty {
                limits += pathAndParents(fields[2]).compactMap { limit(read("/sys/fs/cgroup\($0)memory.max")) }
            } else if fields[1].split(separator: ",").contains("memory") {
                limits += pathAndParents(fields[2])
                    .compactMap { limit(read("/sys/fs/cgroup/memory\($0)memory.limit_in_bytes")) }
            }
        }
        return limits
    }

    /// `/a/b` → `/a/b/`, `/a/`, `/`.
    private static func pathAndParents(_ path: Substring) -> [String] {
        let steps = path.split(separator: "/")
        return (0...steps.count).reversed().map { count in
            "/" + steps.prefix(count).map { $0 + "/" }.joined()
        }
    }

    /// `max`, and in the first version a number near 2^63, mean no limit; the machine's memory is less then.
    private static func limit(_ text: String?) -> Int? {
        text.flatMap { Int($0.filter { $0.isNumber }) }.flatMap { $0 > 0 ? $0 : nil }
    }

    private static func machineTotal(_ text: String) -> Int? {
        for line in text.split(separator: "\n") where line.hasPrefix("MemTotal:") {
            return Int(line.filter { $0.isNumber }).map { $0.multipliedReportingOverflow(by: 1024).partialValue }
        }
        return nil
    }
}
