import CollectorCore
import OTLPWire
import Synchronization

/// Finds the rules of metrics by name, each name once.
final class RuleBook: Sendable {
    private struct Entry {
        var rule: MetricRule?
        /// Whether points may show that the metric is made of spans, which says more than its name.
        var mayBeOfSpans: Bool
    }

    private let config: ExemplarsConfig
    private let secret = UInt64.random(in: 1...UInt64.max)
    private let known = Mutex<[UInt64: Entry]>([:])
    /// Names are what senders say.
    private static let limit = 10_000

    private let namedKinds: SpanKindSet
    private let hasMetricsOfSpans = Atomic(false)
    /// Spans of other kinds are measured by nothing; metrics made of spans have all.
    var kinds: SpanKindSet { hasMetricsOfSpans.load(ordering: .relaxed) ? .all : namedKinds }
    /// Hashes of the keys of span attributes that are some metric's value.
    let valueKeys: Set<UInt64>

    init(_ config: ExemplarsConfig) {
        self.config = config
        let byConvention: SpanKindSet = [.server, .client, .producer, .consumer]
        let rules = config.match.map { $0.rule(isSum: false).kinds }
        namedKinds = config.metricNames == nil ? rules.reduce(byConvention) { $0.union($1) } : .all
        valueKeys = Set(config.match.compactMap(\.valueKey))
    }

    /// Which spans a metric measures; nil when they cannot become its exemplars.
    ///
    /// By default those are the metrics of the conventions and of `match`, and histograms made of spans: one of pauses of
    /// the garbage collector has no trace behind it, though its resource has spans. Counters are measured only by
    /// configuration.
    ///
    /// - Parameters:
    ///   - scope: the name of its instrumentation scope.
    ///   - attributes: the field of its points' attributes.
    func rule(
        of metric: MetricEntry, scope: ByteRange, attributes: UInt32, _ bytes: Span<UInt8>
    ) -> MetricRule? {
        let isSum = metric.kind == .sum
        if isSum, config.metricNames == nil, config.match.isEmpty { return nil }
        let key = keyedHash(bytes, metric.name, secret) ^ (isSum ? 1 : 0)
        let entry: Entry
        if let found = known.withLock({ $0[key] }) {
            entry = found
        } else {
            entry = self.entry(of: text(bytes, metric.name), isSum: isSum)
            known.withLock { known in
                if known.count >= Self.limit { known = [:] }
                known[key] = entry
            }
        }
        guard entry.mayBeOfSpans, isOfSpans(metric, scope: scope, attributes: attributes, bytes) else {
            return entry.rule
        }
        hasMetricsOfSpans.store(true, ordering: .relaxed)
        return MetricRule(kinds: .all, attributes: .ofSpan, value: isSum ? .one : .duration)
    }

    private func entry(of name: String, isSum: Bool) -> Entry {
        if let names = config.metricNames, !names.matches(name) { return Entry(rule: nil, mayBeOfSpans: false) }
        if let own = config.match.first(where: { $0.names.matches(name) }) {
            return Entry(rule: own.rule(isSum: isSum), mayBeOfSpans: false)
        }
        if !isSum, let conventional = MetricRule(conventionalName: name) {
            return Entry(rule: conventional, mayBeOfSpans: Convention.metrics[name] == nil)
        }
        guard config.metricNames != nil else { return Entry(rule: nil, mayBeOfSpans: !isSum) }
        return Entry(rule: MetricRule(kinds: .all, value: isSum ? .one : .duration), mayBeOfSpans: true)
    }

    /// Whether the metric comes from a connector that makes metrics of spans, whatever namespace that was given: by its
    /// scope, which our `span_metrics` has in common with the OpenTelemetry Collector's, or by its labels.
    private func isOfSpans(
        _ metric: MetricEntry, scope: ByteRange, attributes: UInt32, _ bytes: Span<UInt8>
    ) -> Bool {
        matches(bytes, scope, "spanmetricsconnector") || SpanFields.areLabels(of: metric, attributes: attributes, bytes)
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
