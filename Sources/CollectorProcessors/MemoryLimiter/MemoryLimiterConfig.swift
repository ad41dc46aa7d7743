package import CollectorCore

/// The `memory_limiter` section.
package struct MemoryLimiterConfig: LimitsMemory {
    /// The most that all buffers may hold together, in bytes.
    package var hardLimit: Int
    /// Above this, new data is refused.
    package var softLimit: Int

    package var memoryLimits: MemoryLimits { MemoryLimits(hard: hardLimit, soft: softLimit) }

    /// - Parameter total: the memory the process may use, which percentages are of.
    package init(_ reader: ConfigReader, total: Int) {
        let mistakesBefore = reader.diagnostics.errors.count
        let mebibytes = 0...(Int.max >> 20)
        let fixed = reader.optionalInteger("limit_mib", in: mebibytes) ?? 0
        let percentage = reader.optionalInteger("limit_percentage", in: 0...100) ?? 0
        let fixedSpike = reader.optionalInteger("spike_limit_mib", in: mebibytes) ?? 0
        let spikePercentage = reader.optionalInteger("spike_limit_percentage", in: 0...100) ?? 0
        for key in [
            "check_interval", "min_gc_interval_when_soft_limited", "min_gc_interval_when_hard_limited",
            "max_gc_interval_when_soft_limited", "max_gc_interval_when_hard_limited",
        ] {
            reader.hint(key)
        }
        // As in the OpenTelemetry Collector a fixed limit wins, and the spike is given in the same way as the limit.
        hardLimit = fixed > 0 ? fixed << 20 : total / 100 * percentage
        var spike = fixed > 0 ? fixedSpike << 20 : total / 100 * spikePercentage
        if spike == 0 { spike = hardLimit / 5 }
        softLimit = hardLimit - min(spike, hardLimit)
        let isReadable = reader.diagnostics.errors.count == mistakesBefore
        if isReadable, fixed == 0, percentage == 0 {
            reader.error(nil, "needs a limit; expected `limit_mib` or `limit_percentage` greater than 0")
        } else if isReadable, spike >= hardLimit {
            reader.error(
                fixed > 0 ? "spike_limit_mib" : "spike_limit_percentage",
                "must be smaller than the limit, since new data is refused above the limit less the spike")
        }
        reader.finish()
    }
}
