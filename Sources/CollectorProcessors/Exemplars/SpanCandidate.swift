import CollectorCore
import OTLPWire

/// A span that may become an exemplar.
struct SpanCandidate: Sendable {
    var traceID: TraceID
    var spanID: UInt64
    var kind: UInt8
    /// Nanoseconds.
    var duration: UInt64
    var endNanoseconds: UInt64
    /// The attributes that some metric's value is taken from, by their keys' hashes.
    var numbers: [UInt64: Double] = [:]

    /// Nil for spans that end before they start.
    /// - Parameter valueKeys: hashes of the keys that `numbers` is about.
    init?(_ bytes: Span<UInt8>, _ span: SpanEntry, valueKeys: Set<UInt64>) {
        guard span.endNanoseconds >= span.startNanoseconds else { return nil }
        traceID = span.traceID
        spanID = span.spanID
        kind = span.kind
        duration = span.endNanoseconds - span.startNanoseconds
        endNanoseconds = span.endNanoseconds
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

/// An exemplar that may be shown, ready to be written into a point.
struct ReadyExemplar: Sendable, Equatable {
    var exemplar: Exemplar
    /// The Exemplar message as it came with a point; nil for those made of spans.
    var message: [UInt8]?
}
