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

    var range: ByteRange
    /// Exemplars that lead to a trace, with their field's whole range.
    var exemplars: [(field: ByteRange, exemplar: ReadyExemplar)] = []
    /// Exemplars beyond `exemplarLimit`, as ranges of fields that follow each other.
    private(set) var excess: [ByteRange] = []
    var startNanoseconds: UInt64 = 0
    var timeNanoseconds: UInt64 = 0
    var counts: [UInt64] = []
    var bounds: [Double] = []
    var hasNoValue = false

    init(_ bytes: Span<UInt8>, _ range: ByteRange, _ layout: Layout, isHistogram: Bool) {
        self.range = range
        var fields = FieldCursor(bytes, range)
        while let field = fields.next() {
            switch field.number {
            case layout.exemplars:
                add(field, bytes)
            case 2: startNanoseconds = field.scalar
            case 3: timeNanoseconds = field.scalar
            case 6 where isHistogram: forEachFixed64(of: field, in: bytes) { counts.append($0) }
            case 7 where isHistogram: forEachFixed64(of: field, in: bytes) { bounds.append(Double(bitPattern: $0)) }
            case 10 where isHistogram: hasNoValue = field.scalar & 1 != 0
            default: break
            }
        }
    }

    /// More than any SDK's reservoir has. Reading costs memory that senders do not pay for.
    private static let exemplarLimit = 1024

    private mutating func add(_ field: FieldCursor.Field, _ bytes: Span<UInt8>) {
        if exemplars.count >= Self.exemplarLimit {
            if let last = excess.last, last.upper == field.range.lower {
                excess[excess.count - 1].upper = field.range.upper
            } else {
                excess.append(field.range)
            }
        } else if let exemplar = ReadyExemplar(bytes, field.payload) {
            exemplars.append((field.range, exemplar))
        }
    }

    /// The point's buckets; nil when it has none.
    func buckets(isDelta: Bool) -> BucketCounts? {
        guard !hasNoValue, counts.count == bounds.count + 1 else { return nil }
        return BucketCounts(
            bounds: bounds, counts: counts, startNanoseconds: startNanoseconds, timeNanoseconds: timeNanoseconds,
            isDelta: isDelta)
    }
}
