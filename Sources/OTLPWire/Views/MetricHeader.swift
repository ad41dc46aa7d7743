/// What a Metric says besides its points, as a view.
package struct MetricHeader: Sendable {
    /// `AggregationTemporality`.
    package enum Temporality: UInt8, Sendable {
        case unspecified = 0
        case delta = 1
        case cumulative = 2
    }

    package static let metadataField: UInt32 = 12

    package var name = ByteRange.empty
    package var description = ByteRange.empty
    package var unit = ByteRange.empty
    /// Unspecified for kinds that have none and for numbers the standard does not know.
    package var temporality = Temporality.unspecified
    /// False for all kinds but sums.
    package var isMonotonic = false
    package var hasMetadata = false

    package init(_ bytes: Span<UInt8>, metric: MetricEntry) {
        var fields = FieldCursor(bytes, metric.range)
        while let field = fields.next() {
            switch field.number {
            case 1: name = field.payload
            case 2: description = field.payload
            case 3: unit = field.payload
            case Self.metadataField: hasMetadata = true
            default: break
            }
        }
        guard metric.kind == .sum || metric.kind == .histogram || metric.kind == .exponentialHistogram else { return }
        var members = FieldCursor(bytes, metric.data)
        while let member = members.next() {
            switch member.number {
            case 2: temporality = Temporality(rawValue: UInt8(clamping: member.scalar)) ?? .unspecified
            case 3 where metric.kind == .sum: isMonotonic = member.scalar != 0
            default: break
            }
        }
    }
}
