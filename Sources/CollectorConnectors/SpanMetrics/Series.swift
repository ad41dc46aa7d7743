import OTLPWire

/// A span that a point leads to.
struct SpanExemplar: Sendable {
    var traceID: TraceID
    var spanID: UInt64
    var duration: UInt64
    /// Nanoseconds since 1970.
    var time: UInt64
    var bucket: Int
    /// Whether it goes on with the next point.
    var isDue = false
}

/// What becomes of an exemplar at its series' next point.
enum ExemplarFate {
    case shown, waits, forgotten
}

/// One label of a series.
struct SeriesLabel: Sendable {
    var name: String
    var value: LabelValue
    /// Where its values are counted; nil for labels with few values by their nature.
    var budgetKey: UInt64?
    /// The hash of a name that senders chose; nil for configured ones.
    var nameHash: UInt64?

    /// Says that there was no room for what tells apart what is counted here (OpenTelemetry metrics SDK, "Cardinality
    /// limits").
    static let overflow = SeriesLabel(name: "otel.metric.overflow", value: LabelValue(true))
}

extension [SeriesLabel] {
    /// The labels, which say that they are not all if that is so.
    func marked(asOverflow isOverflow: Bool) -> [SeriesLabel] {
        isOverflow && !contains { $0.name == SeriesLabel.overflow.name } ? self + [.overflow] : self
    }
}

/// One series: its identity and what was counted.
struct Series: Sendable {
    /// The slot of its resource.
    var resource: Int
    /// Its labels: KeyValue messages as fields, whose tag each point writes anew.
    var attributes: [UInt8]
    /// The values it takes of the budgets: label and value.
    var budgeted: [(label: UInt64, value: UInt64)]
    /// What it takes of the series' room.
    var bytes: Int
    /// Nanoseconds since 1970.
    var start: UInt64
    /// Nanoseconds of the clock's `now()`.
    var lastSeen: UInt64
    var count: UInt64 = 0
    var sumNanoseconds = 0.0
    /// Whether it was counted since the last points.
    var hasNews = false
    /// Whether it counts what had no room.
    var isOverflow = false
    var isFree = false

    /// Takes in a span that stands for `count` ones.
    mutating func add(_ duration: UInt64, count more: UInt64, weight: Double, now: UInt64) {
        count &+= more
        sumNanoseconds += Double(duration) * weight
        lastSeen = now
        hasNews = true
    }
}
