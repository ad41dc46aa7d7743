import CollectorCore
import OTLPWire

/// A kept span that may become an exemplar.
struct SpanCandidate: Sendable {
    var traceID: TraceID
    var spanID: UInt64
    var kind: UInt8
    /// Nanoseconds.
    var duration: UInt64
    var endNanoseconds: UInt64

    /// Nil for spans that end before they start.
    init?(_ span: SpanEntry) {
        guard span.endNanoseconds >= span.startNanoseconds else { return nil }
        traceID = span.traceID
        spanID = span.spanID
        kind = span.kind
        duration = span.endNanoseconds - span.startNanoseconds
        endNanoseconds = span.endNanoseconds
    }

    /// The candidate as a measurement in a metric's unit.
    func exemplar(nanosecondsPerUnit: Double, includesSpanID: Bool) -> Exemplar {
        Exemplar(
            traceID: traceID, spanID: includesSpanID ? spanID : 0, value: Double(duration) / nanosecondsPerUnit,
            timeNanoseconds: endNanoseconds)
    }
}

/// An exemplar that may be shown, ready to be written into a point.
struct ReadyExemplar: Sendable, Equatable {
    var exemplar: Exemplar
    /// The Exemplar message as it came with a point; nil for those made of spans.
    var message: [UInt8]?
}
