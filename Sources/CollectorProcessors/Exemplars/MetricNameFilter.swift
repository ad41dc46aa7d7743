import CollectorCore

/// The metrics that a configuration names.
package struct MetricNameFilter: Sendable {
    package enum MatchType: String, Sendable, CaseIterable {
        /// Whole names, in which `*` stands for any characters.
        case strict
        /// Regular expressions that match anywhere in the name, as in the OpenTelemetry Collector.
        case regexp
    }

    private var patterns: [MetricNamePattern] = []
    private var expressions: [RegularExpression] = []

    /// Nil when the section names no metric.
    init?(_ section: ConfigReader) {
        let type = section.enumeration("match_type", default: MatchType.strict)
        let names = ["metric_name", "metric_names"].flatMap { Self.names(section, $0, type) }
        guard !names.isEmpty else {
            if section.has("match_type") {
                section.error("match_type", "says how `metric_name` is meant; set that too, or remove this")
            }
            return nil
        }
        for (key, name) in names {
            switch type {
            case .strict: patterns.append(MetricNamePattern(name))
            case .regexp:
                do {
                    expressions.append(try RegularExpression(name))
                } catch {
                    section.error(key, "\(error)")
                }
            }
        }
    }

    func matches(_ name: String) -> Bool {
        patterns.contains { $0.matches(name) } || expressions.contains { $0.matches(name) }
    }

    /// A single expression may have commas in it; in a single text of names they separate.
    private static func names(
        _ section: ConfigReader, _ key: String, _ type: MatchType
    ) -> [(key: String, name: String)] {
        if type == .regexp, case .scalar = section.node(key)?.value {
            return section.optionalString(key).map { [(key, $0)] } ?? []
        }
        return section.strings(key).map { (key, $0) }
    }
}

/// A metric's name, in which `*` stands for any characters.
struct MetricNamePattern: Sendable {
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
