import OTLPWire

/// The waiting spans of a resource as series with certain labels see them: those that differ in nothing that decides about
/// such a series are one group, which is compared once.
struct WaitingView: Sendable {
    private struct Group: Sendable {
        var kind: UInt8
        /// What the spans have of the keys.
        var attributes: [UInt64: UInt64]
        /// A few of each scale of duration, the newest first.
        var spans: [SpanCandidate]
    }

    private struct GroupKey: Hashable {
        var kind: UInt8
        var attributes: [UInt64: UInt64]
    }

    /// The number of the last change that it knows of.
    let change: UInt64
    private var groups: [Group] = []
    /// The key with the most values, which tells most groups apart, and the groups by its value.
    private var pivot: UInt64 = 0
    private var byPivot: [UInt64: [Int]] = [:]
    /// The groups without it.
    private var others: [Int] = []
    /// What the view is charged for, in bytes.
    private(set) var size = ExemplarCost.resource

    init(_ waiting: [WaitingCandidates.Candidate], keys: Set<UInt64>, change: UInt64) {
        self.change = change
        var sorted: [GroupKey: [SpanCandidate]] = [:]
        var values: [UInt64: Set<UInt64>] = [:]
        for candidate in waiting {
            var own: [UInt64: UInt64] = [:]
            for key in keys {
                guard let value = candidate.attributes[key] else { continue }
                own[key] = value
                values[key, default: []].insert(value)
            }
            sorted[GroupKey(kind: candidate.span.kind, attributes: own), default: []].append(candidate.span)
        }
        pivot = values.max { $0.value.count < $1.value.count }?.key ?? 0
        for (key, spans) in sorted { add(Group(kind: key.kind, attributes: key.attributes, spans: Self.few(spans))) }
    }

    private mutating func add(_ group: Group) {
        if let value = group.attributes[pivot] {
            byPivot[value, default: []].append(groups.count)
        } else {
            others.append(groups.count)
        }
        groups.append(group)
        size += ExemplarCost.projection + ExemplarCost.waitingAttribute * group.attributes.count
        size += ExemplarCost.waitingSpan * group.spans.count
    }

    private static func few(_ spans: [SpanCandidate]) -> [SpanCandidate] {
        var counts: [UInt8: Int] = [:]
        return spans.sorted { $0.endNanoseconds > $1.endNanoseconds }.filter { span in
            let scale = WaitingCandidates.scale(span.duration)
            counts[scale, default: 0] += 1
            return counts[scale] ?? 0 <= WaitingCandidates.perCell
        }
    }

    /// The spans that a series measures, the newest first; fewer when there is no work left.
    func candidates(for series: TrackedSeries, now: UInt64, _ work: inout MatchWork) -> [SpanCandidate] {
        var found: [[SpanCandidate]] = []
        for group in possible(for: series) {
            guard work.take(1, now: now) else { break }
            let (kind, attributes) = (groups[group].kind, groups[group].attributes)
            guard series.matches(kind: kind, attributes), work.take(groups[group].spans.count, now: now) else {
                continue
            }
            found.append(groups[group].spans)
        }
        guard found.count > 1 else { return found.first ?? [] }
        return found.joined().sorted { $0.endNanoseconds > $1.endNanoseconds }
    }

    private func possible(for series: TrackedSeries) -> [Int] {
        guard let value = series.rule.value(ofSpan: pivot, for: series.attributes) else { return Array(groups.indices) }
        return (byPivot[value] ?? []) + others
    }
}
