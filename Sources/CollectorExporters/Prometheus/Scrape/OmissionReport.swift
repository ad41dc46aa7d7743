import CollectorCore

/// What the endpoint could not show as it was, told on the endpoint itself: the counter
/// `needletail_scrape_omissions_total`, a series for each reason that has occurred.
struct OmissionReport: Sendable {
    private let texts: FamilyTexts
    private let counts: [(labels: [UInt8], counter: Counter)]

    /// - Parameter counts: by reason; what is missing is in one of them.
    init(_ counts: [(reason: String, counter: Counter)]) {
        let help = "What the scrape left out or repaired, by reason."
        texts = FamilyTexts(
            name: Array("needletail_scrape_omissions_total" as StaticString), kind: .counter, help: Array(help),
            unit: nil)
        self.counts = counts.map { reason, counter in
            let name = Array("reason" as StaticString)
            return (LabelSet([LabelEntry(key: name, name: name, value: Array(reason))]).block, counter)
        }
    }

    /// The names it takes in each of `ScrapeFormat.all`.
    var claims: [[[UInt8]]] { texts.claims }

    func render(_ format: ScrapeFormat, into writer: inout ExpositionWriter) {
        let shown = counts.map { ($0.labels, $0.counter.value) }.filter { $0.1 > 0 }
        guard !shown.isEmpty else { return }
        let text = texts[format]
        if format.format == .protobuf {
            for (labels, count) in shown {
                writer.metrics.field(4) { metric in
                    metric.labels(labels)
                    metric.field(3) { $0.field(1, double: Double(count)) }
                }
            }
            return writer.endFamily(text.metadata)
        }
        writer.append(text.metadata)
        for (labels, count) in shown {
            writer.start(text.plain, labels)
            writer.value(count)
            writer.endLine()
        }
    }
}
