package import NIOCore
package import OTLPWire

/// The bytes of one export request as they came (or were written by a processor), validated, with their index.
///
/// The body is an `Export…ServiceRequest` message. Segments are immutable; a processor that drops items makes a new
/// segment with another index over the same bytes.
package struct Segment: Sendable {
    /// The message, exactly the readable bytes.
    package let body: ByteBuffer
    package var index: RequestIndex
    /// The bytes as a client compressed them, while body and index are still all of them: sent on untouched.
    package var gzipped: ByteBuffer?
    /// Whether a processor wrote the message from spans of several senders, so that one of them may spoil it for others.
    package var mixesSenders = false
    /// Keeps `body` charged to the byte budget.
    package let reservation: ByteReservation?

    package init(body: ByteBuffer, index: RequestIndex, gzipped: ByteBuffer? = nil, reservation: ByteReservation?) {
        self.body = body
        self.index = index
        self.gzipped = gzipped
        self.reservation = reservation
    }

    /// The number of spans, data points or log records.
    package var itemCount: Int { index.itemCount }

    /// The same bytes under another index.
    package func reindexed(_ index: TraceIndex) -> Segment {
        var segment = Segment(
            body: body, index: .traces(index), gzipped: index.isWhole ? gzipped : nil, reservation: reservation)
        segment.mixesSenders = mixesSenders
        return segment
    }
}
