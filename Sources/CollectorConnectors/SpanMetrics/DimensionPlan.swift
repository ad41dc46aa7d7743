// Which attributes are looked up in each span, and which metrics use which of them.

import OTLPWire

/// What is looked up in each span, for all metrics together.
struct DimensionPlan: Sendable {
    struct Label: Sendable {
        var name: String
        var fallback: LabelValue?
    }

    /// A family of series: one or two metrics with the same labels.
    struct Family: Sendable {
        var hasCalls: Bool
        var hasHistogram: Bool
        /// Positions in `labels`.
        var labels: [Int]
    }

    private(set) var labels: [Label] = []
    private(set) var families: [Family] = []
    /// The labels of each family that are named by attributes.
    private(set) var globs: [GlobLabels] = []
    let hasService: Bool
    let hasName: Bool
    let hasKind: Bool
    let hasStatus: Bool
    let hasSamplingMethod: Bool

    init(_ config: SpanMetricsConfig) {
        hasService = !config.excluded.contains("service.name")
        hasName = !config.excluded.contains("span.name")
        hasKind = !config.excluded.contains("span.kind")
        hasStatus = !config.excluded.contains("status.code")
        hasSamplingMethod = config.addsSamplingMethod
        let calls = config.dimensions + config.callsDimensions
        let durations = config.dimensions + config.histogramDimensions
        if !config.hasHistogram || calls == durations {
            addFamily(calls, config, hasCalls: true, hasHistogram: config.hasHistogram)
        } else {
            addFamily(calls, config, hasCalls: true, hasHistogram: false)
            addFamily(durations, config, hasCalls: false, hasHistogram: true)
        }
    }

    private mutating func addFamily(
        _ dimensions: [SpanMetricsConfig.Dimension], _ config: SpanMetricsConfig, hasCalls: Bool, hasHistogram: Bool
    ) {
        let labels = positions(dimensions, config)
        families.append(Family(hasCalls: hasCalls, hasHistogram: hasHistogram, labels: labels))
        globs.append(GlobLabels(dimensions.compactMap(\.glob), hidden: config.ownNames))
    }

    private mutating func positions(
        _ dimensions: [SpanMetricsConfig.Dimension], _ config: SpanMetricsConfig
    ) -> [Int] {
        dimensions.filter { $0.glob == nil && !config.excluded.contains($0.name) }.map { dimension in
            let fallback = dimension.fallback.map { LabelValue($0) }
            let known = labels.firstIndex { $0.name == dimension.name && $0.fallback?.bytes == fallback?.bytes }
            if let known { return known }
            labels.append(Label(name: dimension.name, fallback: fallback))
            return labels.count - 1
        }
    }

    var finder: AttributeFinder { AttributeFinder(keys: labels.map(\.name)) }
}
