import OTLPWire

/// The labels that span events have beside those of their spans, from their own attributes.
struct EventLabels: Sendable {
    private var finder: AttributeFinder
    private var globs: GlobLabels
    private let labels: [(name: String, fallback: LabelValue?)]

    init(_ dimensions: [SpanMetricsConfig.Dimension], _ config: SpanMetricsConfig) {
        let shown = dimensions.filter { $0.glob == nil && !config.excluded.contains($0.name) }
        labels = shown.map { ($0.name, $0.fallback.map { LabelValue($0) }) }
        finder = AttributeFinder(keys: shown.map(\.name))
        // What globs find in a span is a label of its events already.
        let known = config.dimensions + config.callsDimensions
        globs = GlobLabels(
            dimensions.compactMap(\.glob), hidden: config.ownNames.union((known + shown).map(\.name)),
            hiddenGlobs: known.compactMap(\.glob))
    }

    /// Whether there were more labels than there is room for.
    var isCut: Bool { globs.isCut }

    /// Looks for an event's attributes.
    mutating func find(_ event: ByteRange, _ bytes: Span<UInt8>) {
        _ = finder.find(bytes, message: event, attributes: 3, name: 2)
        if !globs.isEmpty { globs.find(bytes, message: event, attributes: 3) }
    }

    /// Appends what was found, which tells the event's series from others.
    func append(to identity: inout SeriesIdentity, _ bytes: Span<UInt8>) {
        for position in labels.indices {
            if let value = finder.value(position) {
                identity.append(bytes, value)
            } else {
                identity.append(labels[position].fallback)
            }
        }
        globs.append(to: &identity, bytes)
    }

    /// What was found, written out.
    func labels(_ bytes: Span<UInt8>) -> [SeriesLabel] {
        let named = labels.enumerated().compactMap { position, label in
            let found = LabelValue(bytes, finder.values[position])
            return (found ?? label.fallback).map { SeriesLabel(name: label.name, value: $0, budgetKey: 0) }
        }
        return named + globs.labels(bytes)
    }
}
