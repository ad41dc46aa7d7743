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
            // On their way out whether there is room or not: who is yet to come has to wait.
            let reservation = budget.charge(body.capacity)
            var segment = Segment(body: body, index: .traces(index), reservation: reservation)
            segment.mixesSenders = true
            segments.append(segment)
            byteCount += body.readableBytes
        }
    }

    /// Adds the spans of a request that follow decisions made before. They are copied: few of them would keep a large
    /// body.
    mutating func add(_ late: [(span: UInt32, decision: Decision)], of body: ByteBuffer, _ request: TraceIndex) {
        guard !late.isEmpty else { return }
        let bytes = body.readableBytesUInt8Span
        var index = TraceIndex()
        index.resources = request.resources
        index.scopes = request.scopes
        index.isWhole = false
        var traceStates = KeptTraceStates(traces: 1)
        for (position, decision) in late.sorted(by: { $0.span < $1.span }) {
            let span = request.spans[Int(position)]
            index.append(span, traceState: traceStates.traceState(of: span, trace: 0, following: decision, bytes))
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
