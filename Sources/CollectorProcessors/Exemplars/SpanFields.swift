// Metrics made of spans are told apart by what a span says of itself beside its attributes: labels with the names and the
// spelling of the span metrics connector of the OpenTelemetry Collector, which `span_metrics` shares.

import OTLPWire

/// A span's name, kind and status as if they were attributes, under keys that no attribute has.
enum SpanFields {
    private static let own: [(label: UInt64, field: UInt64)] = ["span.name", "span.kind", "status.code"].map {
        (HashedAttribute.key(of: $0), HashedAttribute.key(of: "\0" + $0))
    }
    private static let kinds = ["UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"].map {
        HashedAttribute.value(of: "SPAN_KIND_\($0)")
    }
    private static let statuses = ["UNSET", "OK", "ERROR"].map { HashedAttribute.value(of: "STATUS_CODE_\($0)") }

    /// The label of the span's service, which is its resource's.
    static let serviceLabel = HashedAttribute.key(of: "service.name")
    /// The only label of the series of everything that is too many (OpenTelemetry metrics SDK, "Cardinality limits").
    static let overflowLabel = HashedAttribute.key(of: "otel.metric.overflow")
    static let nameLabel = own[0].label

    /// The key of what of a span a label says.
    static func key(ofLabel label: UInt64) -> UInt64 { own.first { $0.label == label }?.field ?? label }

    /// Numbers that the standard does not have are shown as those for "unknown".
    static func all(of span: SpanEntry, name: UInt64) -> [HashedAttribute] {
        let kind = span.kind < kinds.count ? kinds[Int(span.kind)] : kinds[0]
        let status = span.statusCode < statuses.count ? statuses[Int(span.statusCode)] : statuses[0]
        return zip(own, [name, kind, status]).map { HashedAttribute(key: $0.field, value: $1) }
    }

    /// The hash of a span's name, as `HashedAttribute` has those of texts.
    static func name(_ bytes: Span<UInt8>, _ span: SpanEntry) -> UInt64 {
        HashedAttribute.value(bytes, text: payload(of: 5, in: span.range, bytes) ?? .empty)
    }

    /// Whether the points of a metric are about spans: some of the first ones say which.
    static func areLabels(of metric: MetricEntry, attributes number: UInt32, _ bytes: Span<UInt8>) -> Bool {
        var fields = FieldCursor(bytes, metric.data)
        var seen = 0
        while seen < 4, let field = fields.next() {
            guard field.number == 1, case .bytes(let point) = field.value else { continue }
            seen += 1
            var found = (name: false, kind: false)
            var attributes = AttributeCursor(bytes, message: point, fieldNumber: number)
            while let attribute = attributes.next() {
                if matches(bytes, attribute.key, "span.name") { found.name = true }
                if matches(bytes, attribute.key, "span.kind") { found.kind = true }
            }
            if found.name, found.kind { return true }
        }
        return false
    }
}
