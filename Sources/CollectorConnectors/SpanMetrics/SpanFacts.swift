// What decides about a span's series beside its own attributes, and its labels written out.

import OTLPWire

/// What spans of one resource have in common. Found out once for all of them, as long as they stand together.
struct ResourceFacts: Sendable {
    /// Of the resource in the request.
    var position: UInt32
    /// The Resource.
    var message: ByteRange
    var service: LabelValue
    /// By label of the plan: what the resource says, else the configured value.
    var defaults: [LabelValue?]
    /// The attributes that globs find, by family; empty when there are no globs.
    var globs: [[GlobLabels.Match]]
}

/// What spans of one scope have in common: shared by them, not copied for each.
final class ScopeFacts: Sendable {
    /// Of the scope in the request.
    let position: UInt32
    let resource: ResourceFacts
    /// The scope's name and version, when they are to be shown.
    let scopeLabels: [SeriesLabel]

    init(position: UInt32, _ resource: ResourceFacts, scopeLabels: [SeriesLabel]) {
        self.position = position
        self.resource = resource
        self.scopeLabels = scopeLabels
    }

    /// Begins the identity of the series of its spans; returns where it goes on.
    func begin(_ identity: inout SeriesIdentity, _ plan: DimensionPlan) -> SeriesIdentity.Mark {
        identity.rewind(to: SeriesIdentity.Mark())
        if plan.hasService { identity.append(resource.service) }
        identity.append(UInt64(scopeLabels.count))
        for label in scopeLabels { identity.append(label.value) }
        return identity.mark
    }
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

    /// Appends what all metrics are told apart by.
    func append(to identity: inout SeriesIdentity, _ plan: DimensionPlan, _ bytes: Span<UInt8>) {
        if plan.hasName { identity.append(bytes, name) }
        // What has few values by its nature, as one number.
        identity.append(
            (plan.hasKind ? UInt64(kind) : 0) | (plan.hasStatus ? UInt64(status) << 8 : 0)
                | (plan.hasSamplingMethod && isExtrapolated ? 1 << 16 : 0))
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
        return labels + facts.scopeLabels
    }
}
