/// The result of a run.
struct LoadReport: Sendable {
    /// The measured process.
    struct Process: Sendable {
        /// From the first request until everything had settled.
        var cpuSeconds: Double
        /// Before the first request, at the last answer, and the process's highest ever.
        var residentBytesBefore: Int
        var residentBytesAtEnd: Int
        var peakResidentBytes: Int
    }

    /// What the sink took in meanwhile.
    struct Arrival: Sendable {
        var items: Int
        var requests: Int
        var wireBytes: Int
    }

    var plan: LoadPlan
    /// From the first request to the last answer.
    var seconds: Double
    var tally: LaneTally
    var ownCPUSeconds: Double
    var process: Process?
    var arrival: Arrival?

    var itemsPerSecond: Double { seconds > 0 ? Double(tally.takenItems) / seconds : 0 }
    var failedRequests: Int { tally.errors.values.reduce(0, +) }

    /// Items answered with success per second of the measured process's CPU time; nil when that is too short to tell.
    var itemsPerCPUSecond: Double? {
        process.flatMap { $0.cpuSeconds > 0 ? Double(tally.takenItems) / $0.cpuSeconds : nil }
    }

    /// Items answered with success that did not arrive; below zero when some arrived twice.
    var lost: Int? { arrival.map { tally.takenItems - $0.items } }

    // MARK: - For people

    var text: String {
        var lines: [(String, String)] = [
            ("requests", "\(tally.requests), \(failedRequests) of them failed, in \(Self.decimal(seconds)) s"),
            ("taken", "\(tally.takenItems) items, \(Self.decimal(itemsPerSecond, places: 0))/s"),
        ]
        if tally.rejectedItems > 0 { lines.append(("rejected", "\(tally.rejectedItems) items by partial success")) }
        for (status, count) in tally.errors.sorted(by: { $0.key < $1.key }) {
            lines.append(("failed", "\(count) requests with \(status)"))
        }
        let latencies = zip(LatencySummary.quantiles, LatencySummary(tally.latencies).values)
        lines.append(
            ("latency", latencies.map { "\($0.name) \(Self.decimal(Double($1) / 1e6)) ms" }.joined(separator: ", ")))
        if let process {
            let rate = itemsPerCPUSecond.map { "\(Self.decimal($0, places: 0)) items" } ?? "too short to tell items"
            lines.append(("process", "\(Self.decimal(process.cpuSeconds)) CPU-s, \(rate) per CPU-second"))
            lines.append(
                (
                    "memory",
                    "\(Self.mebibytes(process.residentBytesBefore)) before, "
                        + "\(Self.mebibytes(process.residentBytesAtEnd)) at the end, "
                        + "\(Self.mebibytes(process.peakResidentBytes)) at most"
                ))
        }
        if let arrival, let lost {
            lines.append(("arrived", "\(arrival.items) items in \(arrival.requests) requests; lost \(lost)"))
        }
        lines.append(("otlpload", "\(Self.decimal(ownCPUSeconds)) CPU-s itself"))
        return lines.map { $0.0 + String(repeating: " ", count: 10 - $0.0.utf8.count) + $0.1 }.joined(separator: "\n")
    }

    // MARK: - For programs

    var json: String {
        var members: [(String, String)] = [
            ("transport", "\"\(plan.transport.rawValue)\""),
            ("signal", "\"\(plan.signal.rawValue)\""),
            ("compression", plan.isCompressed ? "\"gzip\"" : "\"none\""),
            ("items_per_request", "\(plan.itemsPerRequest)"),
            ("seconds", "\(seconds)"),
            ("requests", "\(tally.requests)"),
            ("failed_requests", "\(failedRequests)"),
            ("taken_items", "\(tally.takenItems)"),
            ("rejected_items", "\(tally.rejectedItems)"),
            ("items_per_second", "\(itemsPerSecond)"),
            ("errors", Self.object(tally.errors.sorted { $0.key < $1.key }.map { ($0.key, "\($0.value)") })),
            (
                "latency_seconds",
                Self.object(
                    zip(LatencySummary.quantiles, LatencySummary(tally.latencies).values)
                        .map { ($0.name, "\(Double($1) / 1e9)") })
            ),
            ("own_cpu_seconds", "\(ownCPUSeconds)"),
        ]
        if let process {
            members += [
                ("cpu_seconds", "\(process.cpuSeconds)"),
                ("items_per_cpu_second", itemsPerCPUSecond.map { "\($0)" } ?? "null"),
                ("resident_bytes_before", "\(process.residentBytesBefore)"),
                ("resident_bytes_at_end", "\(process.residentBytesAtEnd)"),
                ("peak_resident_bytes", "\(process.peakResidentBytes)"),
            ]
        }
        if let arrival, let lost {
            members += [
                ("arrived_items", "\(arrival.items)"), ("arrived_requests", "\(arrival.requests)"),
                ("arrived_wire_bytes", "\(arrival.wireBytes)"), ("lost_items", "\(lost)"),
            ]
        }
        return Self.object(members)
    }

    /// The names are ours or status codes: nothing in them needs escaping.
    private static func object(_ members: [(String, String)]) -> String {
        "{" + members.map { "\"\($0.0)\": \($0.1)" }.joined(separator: ", ") + "}"
    }

    private static func decimal(_ value: Double, places: Int = 2) -> String {
        guard value.isFinite, abs(value) < 1e15 else { return "\(value)" }
        let scale = places == 0 ? 1 : 100
        let scaled = Int((value * Double(scale)).rounded())
        guard scale > 1 else { return "\(scaled)" }
        let fraction = "\(abs(scaled) % scale)"
        return "\(scaled / scale)." + String(repeating: "0", count: 2 - fraction.utf8.count) + fraction
    }

    private static func mebibytes(_ bytes: Int) -> String { "\(decimal(Double(bytes) / 1_048_576)) MiB" }
}
