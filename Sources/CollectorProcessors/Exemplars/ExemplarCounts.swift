/// What happened to exemplars and series.
///
/// Of those that came with points every one is `published`, `withheld` for one reason, or waits: for a verdict, or filed
/// for its series' next point.
struct ExemplarCounts: Sendable {
    var published = 0
    var replaced = 0
    var withdrawn = 0
    var withheld = Tally<WithheldReason>()
    var untracked = Tally<UntrackedReason>()
    var shedAttributes = 0
}

/// Why an exemplar is not shown.
enum WithheldReason: Int, CaseIterable, Sendable {
    /// Its trace was dropped, or given up.
    case dropped
    /// Nobody decided about its trace.
    case unknown
    /// Below the configured percentile.
    case filter
    /// As many wait as may.
    case full
    /// There is no room in the byte budget.
    case memory
    /// Its point brought more than anybody needs.
    case limit
    /// The same one waits already.
    case duplicate
    /// Another one has its bucket, or its series is gone.
    case superseded
    /// It has no trace id that it could lead by.
    case traceless
}

/// Why a series gets no exemplars of spans.
enum UntrackedReason: Int, CaseIterable, Sendable {
    /// As many are followed as may be.
    case limit
    /// There is no room in the byte budget.
    case memory
    /// More attributes than any span has that is looked at.
    case attributes
    /// More buckets than are ever shown.
    case buckets
}

/// Numbers by reason, of which there are at most sixteen.
struct Tally<Reason: CaseIterable & RawRepresentable & Sendable>: Sendable where Reason.RawValue == Int {
    private var counts = [16 of Int](repeating: 0)

    subscript(reason: Reason) -> Int {
        get { counts[reason.rawValue] }
        set { counts[reason.rawValue] = newValue }
    }
}
