import CollectorCore
import OTLPWire

/// A span that may become an exemplar.
struct SpanCandidate: Sendable {
    var traceID: TraceID
    var spanID: UInt64
    var kind: UInt8
    /// The name's hash, as `HashedAttribute` has those of texts.
    var name: UInt64
    /// Nanoseconds.
    var duration: UInt64
    /// When it ended, or came, if it says that it ended later: one clock that is ahead must not keep others' exemplars
    /// from being the newest.
    var endNanoseconds: UInt64
    /// The attributes that some metric's value is taken from, by their keys' hashes.
    var numbers: [UInt64: Double] = [:]

    /// Nil for spans that end before they start.
    /// - Parameters:
    ///   - valueKeys: hashes of the keys that `numbers` is about.
    ///   - wallTime: nanoseconds since 1970.
    init?(_ bytes: Span<UInt8>, _ span: SpanEntry, valueKeys: Set<UInt64>, wallTime: UInt64) {
        guard span.endNanoseconds >= span.startNanoseconds else { return nil }
        traceID = span.traceID
        spanID = span.spanID
        kind = span.kind
        duration = span.endNanoseconds - span.startNanoseconds
        endNanoseconds = min(span.endNanoseconds, wallTime)
        name = SpanFields.name(bytes, span)
        if !valueKeys.isEmpty { readNumbers(bytes, span, valueKeys) }
    }

    private mutating func readNumbers(_ bytes: Span<UInt8>, _ span: SpanEntry, _ keys: Set<UInt64>) {
        var attributes = AttributeCursor(bytes, message: span.range, fieldNumber: 9)
        while let attribute = attributes.next() {
            let number: Double
            switch attribute.value {
            case .int(let value): number = Double(value)
            case .double(let value): number = value
            default: continue
            }
            let key = HashedAttribute(bytes, attribute).key
            if keys.contains(key) { numbers[key] = number }
        }
    }
}
