import CollectorCore
import OTLPWire

/// The fields of a data point that exemplars are about.
struct PointView {
    /// Field numbers that differ between the kinds of points.
    struct Layout {
        var attributes: UInt32
        var exemplars: UInt32

        init?(_ kind: MetricEntry.Kind) {
            switch kind {
            case .gauge, .sum: (attributes, exemplars) = (7, 5)
            case .histogram: (attributes, exemplars) = (9, 8)
            case .exponentialHistogram: (attributes, exemplars) = (1, 11)
            case .summary, .none: return nil
            }
        }
    }

    /// What is read beside the exemplars.
    enum Detail {
        /// Nothing: the metric gets no exemplars of spans.
        case none
        case buckets
        case bucketsAndCounts
    }

    var range: ByteRange
    /// Exemplars that lead to a trace, with their field's whole range.
    var exemplars: [(field: ByteRange, exemplar: ReadyExemplar)] = []
    /// Exemplars beyond `exemplarLimit`, as ranges of fields that follow each other.
    private(set) var excess: [ByteRange] = []
    /// How many those are.
    private(set) var excessCount = 0
    /// Nil without detail, and for points that have no buckets or no value.
    private(set) var shape: PointShape?

    init(
        _ bytes: Span<UInt8>, _ range: ByteRange, _ layout: Layout, _ kind: MetricEntry.Kind, _ detail: Detail,
        isDelta: Bool
    ) {
        self.range = range
        var fields = FieldCursor(bytes, range)
        while let field = fields.next() {
            if field.number == layout.exemplars { add(field, bytes) }
        }
        if detail != .none {
            shape = PointShape(bytes, range, kind, hasCounts: detail == .bucketsAndCounts, isDelta: isDelta)
        }
    }

    /// More than any SDK's reservoir has. Reading costs memory that senders do not pay for.
    private static let exemplarLimit = 1024

    private mutating func add(_ field: FieldCursor.Field, _ bytes: Span<UInt8>) {
        if exemplars.count >= Self.exemplarLimit {
            excessCount += 1
            if let last = excess.last, last.upper == field.range.lower {
                excess[excess.count - 1].upper = field.range.upper
            } else {
                excess.append(field.range)
            }
        } else if let exemplar = ReadyExemplar(bytes, field.payload) {
            exemplars.append((field.range, exemplar))
        }
    }
}
