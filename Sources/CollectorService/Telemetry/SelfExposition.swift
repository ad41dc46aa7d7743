import CollectorCore

/// Writes the collector's own metrics as Prometheus text 0.0.4. Names are those of the OpenTelemetry Collector, by default
/// without `_total`, which is why this is never OpenMetrics (a counter must end in it there).
struct SelfExposition {
    /// Units that the names leave out by default.
    private static let units = ["otelcol_process_uptime": "seconds", "otelcol_process_memory_rss": "bytes"]

    private let endpoint: TelemetryConfig.ScrapeEndpoint
    private var text = ""

    static func text(_ families: [Telemetry.Family], _ endpoint: TelemetryConfig.ScrapeEndpoint) -> String {
        var exposition = SelfExposition(endpoint: endpoint)
        for family in families { exposition.write(family) }
        return exposition.text
    }

    private init(endpoint: TelemetryConfig.ScrapeEndpoint) {
        self.endpoint = endpoint
    }

    private func exposedName(_ family: Telemetry.Family) -> String {
        var name = family.name
        if !endpoint.withoutUnits, let unit = Self.units[name] { name += "_\(unit)" }
        if !endpoint.withoutTypeSuffix, family.kind == .counter { name += "_total" }
        return name
    }

    private mutating func write(_ family: Telemetry.Family) {
        var family = family
        family.name = exposedName(family)
        text += "# HELP \(family.name) \(escaped(family.help, quotes: false))\n"
        text += "# TYPE \(family.name) \(family.kind.rawValue)\n"
        for series in family.series {
            switch series.value {
            case .number(let value): line(family.name, series.labels, formatted(value))
            case .histogram(let bounds, let counts, let sum):
                var total: UInt64 = 0
                for (bucket, count) in counts.enumerated() {
                    total &+= count
                    let bound = bucket < bounds.count ? formatted(bounds[bucket]) : "+Inf"
                    line(family.name + "_bucket", series.labels + [("le", bound)], "\(total)")
                }
                line(family.name + "_sum", series.labels, formatted(sum))
                line(family.name + "_count", series.labels, "\(total)")
            }
        }
    }

    private mutating func line(_ name: String, _ labels: Telemetry.Labels, _ value: String) {
        text += name
        if !labels.isEmpty {
            let pairs = labels.map { "\($0.name)=\"\(escaped($0.value, quotes: true))\"" }
            text += "{\(pairs.joined(separator: ","))}"
        }
        text += " \(value)\n"
    }

    private func formatted(_ value: Double) -> String {
        if let whole = Int64(exactly: value) { return "\(whole)" }
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        return "\(value)"
    }

    private func escaped(_ text: String, quotes: Bool) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\"" where quotes: result += "\\\""
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
