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
    /// Exemplars that are never shown, as ranges of fields that follow each other: those that lead to no trace, and those
    /// beyond `exemplarLimit`.
    private(set) var unwanted: [ByteRange] = []
    /// How many those are of each kind.
    private(set) var tracelessCount = 0
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
            leaveOut(field.range)
        } else if let exemplar = ReadyExemplar(bytes, field.payload) {
            exemplars.append((field.range, exemplar))
        } else {
            // SDKs may add such for what is measured outside of spans: it would take the place of one that leads somewhere.
            tracelessCount += 1
            leaveOut(field.range)
        }
    }

    private mutating func leaveOut(_ field: ByteRange) {
        if let last = unwanted.last, last.upper == field.lower {
            unwanted[unwanted.count - 1].upper = field.upper
        } else {
            unwanted.append(field)
        }
    }
}
