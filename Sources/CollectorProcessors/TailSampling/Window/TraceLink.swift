import OTLPWire

/// A link from one trace to another, and what is known of the trace that has it.
struct TraceLink {
    enum Linker {
        case undecided
        case kept
        case dropped
    }

    var target: TraceID
    var linker: Linker
}
