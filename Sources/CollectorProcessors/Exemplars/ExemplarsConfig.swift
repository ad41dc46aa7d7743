package import CollectorCore

/// The `exemplars` section.
package struct ExemplarsConfig: Sendable {
    /// What happens to exemplars of traces that no verdict came for.
    package enum UnknownTraces: String, Sendable, CaseIterable {
        case withhold, publish
    }

    /// The metrics that get exemplars from spans; nil for all whose names say which spans they measure.
    package var metricNames: [MetricNamePattern]?
    package var includesSpanID: Bool
    /// Only values at or above this percentile of their series become exemplars; 0 to 100.
    package var percentile: Double?
    package var unknownTraces: UnknownTraces
    /// The most spans and exemplars that wait, each for something else: their series or their verdict.
    package var maxCandidates: Int
    /// The most series that are followed.
    package var maxSeries: Int

    package init(_ reader: ConfigReader) {
        let include = reader.settings("include")
        let names = include.strings("metric_name")
        metricNames = names.isEmpty ? nil : names.map(MetricNamePattern.init)
        if !include.bool("trace_id", default: true) {
            include.error("trace_id", "must be true: an exemplar without a trace id leads nowhere")
        }
        includesSpanID = include.bool("span_id", default: true)
        let filter = reader.settings("filter")
        percentile = filter.optionalDouble("percentile", in: 0...100)
        unknownTraces = reader.enumeration("unknown_traces", default: .withhold)
        maxCandidates = reader.integer("max_candidates", default: 10_000, in: 1...10_000_000)
        maxSeries = reader.integer("max_series", default: 10_000, in: 1...10_000_000)
        reader.finish()
    }
}

/// A metric's name, in which `*` stands for any characters.
package struct MetricNamePattern: Sendable {
    private let parts: [Substring]

    init(_ text: String) {
        parts = text.split(separator: "*", omittingEmptySubsequences: false)
    }

    /// Greedy from the left: what is between two stars is looked for at its first place, the end is compared last.
    func matches(_ name: String) -> Bool {
        guard let first = parts.first, let last = parts.last, name.hasPrefix(first) else { return false }
        guard parts.count > 1 else { return name == first }
        var rest = name.dropFirst(first.count)
        for part in parts.dropFirst().dropLast() where !part.isEmpty {
            guard let end = Self.end(of: part, in: rest) else { return false }
            rest = rest[end...]
        }
        return rest.count >= last.count && rest.hasSuffix(last)
    }

    private static func end(of part: Substring, in text: Substring) -> String.Index? {
        var start = text.startIndex
        while start < text.endIndex {
            if text[start...].hasPrefix(part) { return text.index(start, offsetBy: part.count) }
            start = text.index(after: start)
        }
        return nil
    }
}
