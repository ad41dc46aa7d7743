/// The target metadata's family as each format shows it (conformance 122, 124): the info family `target` in
/// OpenMetrics, the gauge `target_info` in text 0.0.4, before all others.
struct TargetFamily: Sendable {
    private struct Text {
        var metadata: [UInt8] = []
        var sample: SampleName
        var claims: [[UInt8]]
    }

    /// One for each of `ScrapeFormat.all`.
    private let texts: [Text]

    /// - Parameter name: `target_info`, after the namespace.
    init(name: [UInt8]) {
        let help = Array("Target metadata" as StaticString)
        let info = Array("_info" as StaticString)
        texts = ScrapeFormat.all.map { scrape in
            let shown = scrape.escaping.escaped(name, .metric)
            if scrape.format == .protobuf {
                let header = serialized { $0.family(name: shown, help: help, type: .gauge, unit: nil) }
                return Text(metadata: header, sample: SampleName(shown), claims: [shown])
            }
            let isInfo = scrape.format == .openMetrics && shown.hasSuffix(info)
            let family = isInfo ? Array(shown.dropLast(info.count)) : shown
            let metadata = metadataLines(
                family, type: isInfo ? "info" : "gauge", unit: nil, help: help, scrape.format)
            return Text(metadata: metadata, sample: SampleName(shown), claims: [family, shown])
        }
    }

    /// The names it takes in each of `ScrapeFormat.all`.
    var claims: [[[UInt8]]] { texts.map(\.claims) }

    /// Writes one sample for each resource.
    func render(_ resources: [ResourceRecord], _ format: ScrapeFormat, into writer: inout ExpositionWriter) {
        let targets = resources.compactMap(\.target)
        guard !targets.isEmpty else { return }
        let text = texts[format.index]
        if format.format == .protobuf {
            for labels in targets {
                writer.metrics.field(4) { metric in
                    metric.labels(labels.block(format.escaping))
                    metric.field(2) { $0.field(1, double: 1) }
                }
            }
            return writer.endFamily(text.metadata)
        }
        writer.append(text.metadata)
        for labels in targets {
            writer.start(text.sample, labels.block(format.escaping))
            writer.value(1)
            writer.endLine()
        }
    }
}
