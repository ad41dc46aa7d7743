import NIOCore
import OTLPWire

/// Why a trace was decided when it was.
enum DecisionTrigger: Int, CaseIterable {
    /// `decision_wait` was over.
    case timeout
    /// `decision_wait_after_root_received` was over.
    case root
    /// Memory was short.
    case pressure
    /// More than `num_traces` were waiting.
    case overflow
    /// The trace was larger than `maximum_trace_size_bytes`.
    case tooLarge
    /// `span-ingest`: a policy sampled it as soon as it could.
    case ingest
    case shutdown

    /// The word in metrics.
    var word: String {
        switch self {
        case .timeout: "timeout"
        case .root: "root"
        case .pressure: "pressure"
        case .overflow: "num_traces"
        case .tooLarge: "too_large"
        case .ingest: "span_ingest"
        case .shutdown: "shutdown"
        }
    }
}

/// What one look at a shard lets out: handled after its lock is given back.
struct Departures {
    /// Kept spans as requests of their own.
    var bodies: [(body: ByteBuffer, index: TraceIndex)] = []
    var kept: [TraceID] = []
    var dropped: [TraceID] = []
    /// Spans of the arriving request whose trace is decided and kept already.
    var late: [(span: UInt32, decision: Decision)] = []
    var droppedSpans = 0
    /// Of the traces in `dropped`, those that a `drop` policy dropped.
    var droppedByPolicy = 0
    /// The links of the spans that have left or follow a decision.
    var links: [TraceLink] = []
    /// The decisions with their reasons, when somebody observes them.
    var records: [DecisionRecords.Element] = []
    /// Spans that found a recorded decision, by what it was.
    var lateKept = 0
    var lateDropped = 0
    /// Nanoseconds between the decision and the arrival of a late span, and between a trace's arrival and its decision.
    var lateAges: [UInt64] = []
    var removalAges: [UInt64] = []
    var newTraces = 0
    /// Decided traces with a tracestate that is none.
    var brokenTraceStates = 0
    var triggers = [Int](repeating: 0, count: DecisionTrigger.allCases.count)
    var votes: [VoteTally.Votes] = []
    /// Whether an empty window had no memory for a span.
    var isStarved = false
    /// Whether more traces are due than one look takes.
    var hasMore = false
}
