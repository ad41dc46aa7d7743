import CollectorCore

/// One rule of `match`: which spans the user's own metric measures.
struct MatchSection: Sendable {
    let names: MetricNamePattern
    private let kinds: SpanKindSet
    private let attributes: MetricRule.Attributes
    /// Nil when the section leaves it to the kind of metric.
    private let value: MetricRule.Value?

    init(_ section: ConfigReader) {
        names = MetricNamePattern(section.requiredString("metric_name", example: "orders.duration"))
        kinds = Self.kinds(section)
        attributes = Self.attributes(section)
        value = section.optionalString("value").map { text in
            switch text {
            case "duration": .duration
            case "one": .one
            default: .attribute(HashedAttribute.key(of: text))
            }
        }
    }

    /// The rule for a metric of this name.
    func rule(isSum: Bool) -> MetricRule {
        MetricRule(kinds: kinds, attributes: attributes, value: value ?? (isSum ? .one : .duration))
    }

    /// The key of the span attribute that is the value, as a hash.
    var valueKey: UInt64? {
        if case .attribute(let key) = value { key } else { nil }
    }

    private static func kinds(_ section: ConfigReader) -> SpanKindSet {
        var kinds: SpanKindSet = []
        for text in section.strings("span_kind") {
            guard let known = SpanKindSet.names.first(where: { $0.key == text.lowercased() }) else {
                let names = SpanKindSet.names.map(\.key).joined(separator: ", ")
                section.error("span_kind", "`\(text)` is no kind of span; it must be one of \(names)")
                continue
            }
            kinds.formUnion(known.value)
        }
        return kinds.isEmpty ? .all : kinds
    }

    /// A list of keys, or a map of the metric's to the span's.
    private static func attributes(_ section: ConfigReader) -> MetricRule.Attributes {
        var pairs: [(metric: String, span: String)] = []
        if case .map = section.node("attributes")?.value {
            pairs = section.stringMap("attributes").map { ($0.name, $0.value) }
        } else {
            pairs = section.strings("attributes").map { ($0, $0) }
        }
        guard !pairs.isEmpty else { return .shared }
        return .listed(
            pairs.map { pair in
                MetricRule.Attributes.Pair(
                    metric: HashedAttribute.key(of: pair.metric), span: HashedAttribute.key(of: pair.span))
            })
    }
}
