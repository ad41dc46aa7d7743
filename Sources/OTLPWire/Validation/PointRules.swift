// What makes a data point invalid though its bytes are well-formed (metrics.proto's comments; conformance 66, 67).
// A point flagged as having no recorded value has none of these fields by intention.

enum PointRules {
    /// `DataPointFlags.DATA_POINT_FLAGS_NO_RECORDED_VALUE_MASK`.
    private static let noRecordedValue: UInt64 = 1

    /// What is wrong with a point of a metric of `kind`, if anything is.
    static func problem(of point: ByteRange, _ kind: MetricEntry.Kind, in bytes: Span<UInt8>) -> StaticString? {
        switch kind {
        case .gauge, .sum: problem(ofNumberPoint: point, in: bytes)
        case .histogram: problem(ofHistogramPoint: point, in: bytes)
        case .exponentialHistogram, .summary, .none: nil
        }
    }

    /// A number point needs a value.
    private static func problem(ofNumberPoint point: ByteRange, in bytes: Span<UInt8>) -> StaticString? {
        var hasValue = false
        var flags: UInt64 = 0
        var fields = FieldCursor(bytes, point)
        while let field = fields.next() {
            switch field.number {
            case 4, 6: hasValue = true
            case 8: flags = field.scalar
            default: break
            }
        }
        if hasValue || flags & noRecordedValue != 0 { return nil }
        return "a number data point must have as_int or as_double"
    }

    /// Bucket counts and bounds must fit together and add up.
    private static func problem(ofHistogramPoint point: ByteRange, in bytes: Span<UInt8>) -> StaticString? {
        var count: UInt64 = 0
        var total: UInt64 = 0
        var isTotalTooLarge = false
        var buckets = 0
        var bounds = 0
        var last = -Double.infinity
        var isIncreasing = true
        var flags: UInt64 = 0
        var fields = FieldCursor(bytes, point)
        while let field = fields.next() {
            switch field.number {
            case 4: count = field.scalar
            case 6:
                forEachFixed64(of: field, in: bytes) { value in
                    buckets += 1
                    let (sum, overflows) = total.addingReportingOverflow(value)
                    total = sum
                    if overflows { isTotalTooLarge = true }
                }
            case 7:
                forEachFixed64(of: field, in: bytes) { bits in
                    let bound = Double(bitPattern: bits)
                    if !(bound > last) && !(bounds == 0 && bound == -.infinity) { isIncreasing = false }
                    last = bound
                    bounds += 1
                }
            case 10: flags = field.scalar
            default: break
            }
        }
        if flags & noRecordedValue != 0 { return nil }
        if buckets == 0 && bounds == 0 { return nil }
        if buckets != bounds + 1 {
            return "a histogram data point must have one bucket count more than explicit bounds"
        }
        if !isIncreasing { return "a histogram data point's explicit bounds must be strictly increasing" }
        // Fewer in the buckets than counted is what SDKs that read both without a lock send, and what the OpenTelemetry
        // Collector shows; more is a histogram whose buckets no `+Inf` bucket could hold.
        if isTotalTooLarge || total > count {
            return "a histogram data point's count must not be less than the sum of its bucket counts"
        }
        return nil
    }
}

/// Calls `body` with each element of a repeated 64-bit field occurrence, packed or not.
package func forEachFixed64(of field: FieldCursor.Field, in bytes: Span<UInt8>, _ body: (UInt64) -> Void) {
    switch field.value {
    case .bytes(let range):
        var reader = WireReader(bytes, range)
        while let value = reader.fixed64() { body(value) }
    case .fixed64(let value): body(value)
    case .varint, .fixed32: break
    }
}
