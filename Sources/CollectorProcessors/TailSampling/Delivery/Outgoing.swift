import CollectorCore
import NIOCore
import OTLPWire

/// Kept spans that leave together as one batch.
struct Outgoing {
    private let budget: ByteBudget
    private var segments: [Segment] = []
    private var byteCount = 0

    init(_ budget: ByteBudget) {
        self.budget = budget
    }

    /// Whether it is time to send, rather than to collect more.
    var isLarge: Bool { byteCount >= 4 << 20 }

    mutating func add(_ bodies: [(body: ByteBuffer, index: TraceIndex)]) {
        for (body, index) in bodies {
            // The window has given up at least as much; when others were faster, the spans are on their way out all the
            // same.
            let reservation = try? budget.reserve(body.capacity)
            var segment = Segment(body: body, index: .traces(index), reservation: reservation)
            segment.mixesSenders = true
            segments.append(segment)
            byteCount += body.readableBytes
        }
    }

    /// Adds the spans of a request that follow decisions made before. They are copied: few of them would keep a large
    /// body.
    mutating func add(_ late: [(span: UInt32, decision: Decision)], of arrival: Arrival) {
        guard !late.isEmpty else { return }
        let bytes = arrival.body.readableBytesUInt8Span
        var index = TraceIndex()
        index.resources = arrival.index.resources
        index.scopes = arrival.index.scopes
        index.isWhole = false
        for (position, decision) in late.sorted(by: { $0.span < $1.span }) {
            index.append(arrival.index.spans[Int(position)], following: decision, bytes)
        }
        add([index.written(bytes)])
    }

    /// The batch, and a fresh start; nil when there is nothing to send.
    mutating func take() -> Batch? {
        guard !segments.isEmpty else { return nil }
        defer {
            segments = []
            byteCount = 0
        }
        return Batch(signal: .traces, segments: segments)
    }
}
