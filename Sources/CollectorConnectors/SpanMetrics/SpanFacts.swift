// What decides about a span's series beside its own attributes, and its labels written out.

import OTLPWire

/// What spans of one resource have in common. Found out once for all of them, as long as they stand together.
struct ResourceFacts: Sendable {
    /// Of the resource in the request.
    var position: UInt32
    var slot: Int
    var service: LabelValue
    /// By label of the plan: what the resource says, else the configured value.
    var defaults: [LabelValue?]
    /// The attributes that globs find, by family; empty when there are no globs.
    var globs: [[GlobLabels.Match]]
}

/// What spans of one scope have in common.
struct ScopeFacts: Sendable {
    var resource: ResourceFacts
    /// The hash of everything that is the same for all spans of the scope.
    var hash: UInt64
    /// The same written out: how the identities of its spans' series begin.
    var identity: SeriesIdentity
    /// The scope's name and version, when they are to be shown.
    var scopeLabels: [SeriesLabel]
}

/// What a span says of itself, its attributes apart.
struct SpanFacts: Sendable {
    var name: ByteRange
    var kind: UInt8
    var status: UInt8
    /// Whether the span stands for several.
    var isExtrapolated: Bool

    init(_ span: SpanEntry, name: ByteRange, isExtrapolated: Bool) {
        self.name = name
        self.isExtrapolated = isExtrapolated
        kind = span.kind < Self.kinds.count ? span.kind : 0
        status = span.statusCode < Self.statuses.count ? span.statusCode : 0
    }

    private static let kinds = ["UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"]
        .map { LabelValue("SPAN_KIND_\($0)") }
    private static let statuses = ["UNSET", "OK", "ERROR"].map { LabelValue("STATUS_CODE_\($0)") }

    /// The hash of what all metrics are told apart by.
    func hash(_ plan: DimensionPlan, _ facts: ScopeFacts, _ bytes: Span<UInt8>) -> UInt64 {
        var hash = facts.hash
        if plan.hasName { hash = mixed(hash ^ LabelValue.hash(bytes, name)) }
        return mixed(hash &+ few(plan))
    }

    /// What has few values by its nature, as one number.
    private func few(_ plan: DimensionPlan) -> UInt64 {
        (plan.hasKind ? UInt64(kind) : 0) | (plan.hasStatus ? UInt64(status) << 8 : 0)
            | (plan.hasSamplingMethod && isExtrapolated ? 1 << 16 : 0)
    }

    /// The beginning of the identity of the span's series.
    func identity(_ plan: DimensionPlan, _ facts: ScopeFacts, _ bytes: Span<UInt8>) -> SeriesIdentity {
        var identity = facts.identity
        if plan.hasName { identity.append(bytes, name) }
        identity.append(few(plan))
        return identity
    }

    /// Whether `identity` would be the beginning of a stored one.
    func meets(
        _ stored: Span<UInt8>, _ comparison: inout IdentityComparison, _ plan: DimensionPlan, _ facts: ScopeFacts,
        _ bytes: Span<UInt8>
    ) -> Bool {
        comparison.meets(parts: facts.identity.bytes.span, in: stored)
            && (!plan.hasName || comparison.meets(bytes, name, in: stored))
            && comparison.meets(few(plan), in: stored)
    }

    /// The labels that all metrics have, in the order they are shown.
    func labels(_ plan: DimensionPlan, _ facts: ScopeFacts, _ bytes: Span<UInt8>) -> [SeriesLabel] {
        var labels: [SeriesLabel] = []
        if plan.hasService {
            labels.append(SeriesLabel(name: "service.name", value: facts.resource.service, budgetKey: 0))
        }
        if plan.hasName {
            var value = MessageWriter()
            value.bytes(1, name.range.map { bytes[$0] })
            labels.append(SeriesLabel(name: "span.name", value: LabelValue(bytes: value.bytes), budgetKey: 0))
        }
        if plan.hasKind { labels.append(SeriesLabel(name: "span.kind", value: Self.kinds[Int(kind)])) }
        if plan.hasStatus { labels.append(SeriesLabel(name: "status.code", value: Self.statuses[Int(status)])) }
        if plan.hasSamplingMethod {
            let method = isExtrapolated ? "extrapolated" : "counted"
            labels.append(SeriesLabel(name: "sampling.method", value: LabelValue(method)))
        }
        // They are told of without their resource, which nobody must take for another one.
        if facts.resource.slot == ResourceStore.overflow { labels.append(.overflow) }
        return labels + facts.scopeLabels
    }
}
