import CollectorCore
import OTLPWire
import Synchronization

/// Finds the rules of metrics by name, each name once.
final class RuleBook: Sendable {
    private struct Entry {
        var rule: MetricRule?
    }

    private let config: ExemplarsConfig
    private let secret = UInt64.random(in: 1...UInt64.max)
    private let known = Mutex<[UInt64: Entry]>([:])
    /// Names are what senders say.
    private static let limit = 10_000

    /// Spans of other kinds are measured by nothing.
    let kinds: SpanKindSet
    /// Hashes of the keys of span attributes that are some metric's value.
    let valueKeys: Set<UInt64>

    init(_ config: ExemplarsConfig) {
        self.config = config
        let byConvention: SpanKindSet = [.server, .client, .producer, .consumer]
        let rules = config.match.map { $0.rule(isSum: false).kinds }
        kinds = config.metricNames == nil ? rules.reduce(byConvention) { $0.union($1) } : .all
        valueKeys = Set(config.match.compactMap(\.valueKey))
    }

    /// Which spans a metric measures; nil when they cannot become its exemplars.
    ///
    /// By default those are the metrics of the conventions and of `match`: a histogram of pauses of the garbage collector
    /// has no trace behind it, though its resource has spans. Counters are measured only by configuration.
    func rule(of metric: MetricEntry, _ bytes: Span<UInt8>) -> MetricRule? {
        let isSum = metric.kind == .sum
        if isSum, config.metricNames == nil, config.match.isEmpty { return nil }
        let key = keyedHash(bytes, metric.name, secret) ^ (isSum ? 1 : 0)
        if let entry = known.withLock({ $0[key] }) { return entry.rule }
        let rule = rule(of: text(bytes, metric.name), isSum: isSum)
        known.withLock { known in
            if known.count >= Self.limit { known = [:] }
            known[key] = Entry(rule: rule)
        }
        return rule
    }

    private func rule(of name: String, isSum: Bool) -> MetricRule? {
        if let names = config.metricNames, !names.matches(name) { return nil }
        if let own = config.match.first(where: { $0.names.matches(name) }) { return own.rule(isSum: isSum) }
        if !isSum, let conventional = MetricRule(conventionalName: name) { return conventional }
        guard config.metricNames != nil else { return nil }
        return MetricRule(kinds: .all, value: isSum ? .one : .duration)
    }
}

/// Nanoseconds of a metric's unit, in the spelling of UCUM; nil where it is no time.
func nanoseconds(ofUnit unit: String) -> Double? {
    switch unit {
    case "ns": 1
    case "us": 1e3
    case "ms": 1e6
    case "s": 1e9
    default: nil
    }
}
