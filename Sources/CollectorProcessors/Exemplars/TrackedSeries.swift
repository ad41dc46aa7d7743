import CollectorCore
import OTLPWire

/// A series as far as exemplars need it.
struct TrackedSeries: Sendable {
    /// What a cell was offered last.
    private struct Offer: Sendable {
        var at: UInt64
        var value: Double
    }

    let resource: AttributeSetHash
    let rule: MetricRule
    /// Nil when the metric's unit is no time.
    let nanosecondsPerUnit: Double?
    let attributes: [HashedAttribute]
    private(set) var cells: SeriesCells?
    /// The value of the configured percentile among what was counted since the point before.
    private(set) var threshold: Double?
    /// The point before; only when there is a percentile to be found.
    private var last: PointShape?
    /// Exemplars by cell for the next point.
    private(set) var ready: [Int: ReadyExemplar] = [:]
    private var offers: [Int: Offer] = [:]
    /// Cells whose exemplar was dropped with its trace and that have no other one yet.
    private var wanting: Set<Int> = []
    var promotions = CellPromotions()
    var seenAt: UInt64 = 0

    /// A cell gets no more exemplars of spans than one in this time, unless slower ones come: scrapes are further apart.
    private static let offerInterval: UInt64 = 1_000_000_000

    /// Values are what senders say, and an exponential histogram has a cell for each magnitude.
    static let cellLimit = 1024

    init(
        resource: AttributeSetHash, rule: MetricRule, nanosecondsPerUnit: Double?, attributes: [HashedAttribute]
    ) {
        self.resource = resource
        self.rule = rule
        self.nanosecondsPerUnit = nanosecondsPerUnit
        self.attributes = attributes
    }

    /// Learns from a point what the series' distribution was since the point before. True when its buckets are new.
    mutating func learn(_ point: PointShape, percentile: Double?) -> Bool {
        let isNew = point.cells != cells
        if isNew {
            // What is filed by cell means something else now.
            cells = point.cells
            ready = [:]
            offers = [:]
            wanting = []
            promotions = CellPromotions()
            last = nil
            threshold = nil
        }
        if let percentile {
            threshold = recentPercentile(percentile / 100, point) ?? threshold
            last = point
        }
        return isNew
    }

    /// Among all counts of a delta point, of the first one and after a reset.
    private func recentPercentile(_ fraction: Double, _ point: PointShape) -> Double? {
        let isContinued =
            !point.isDelta && last?.isDelta == false && last?.startNanoseconds == point.startNanoseconds
        switch (point.cells, point.distribution, isContinued ? last?.distribution : nil) {
        case (.explicit(let bounds), .explicit(let counts), .explicit(let before))
        where before.count == counts.count && zip(before, counts).allSatisfy({ $0 <= $1 }):
            return percentileValue(fraction, counts: zip(before, counts).map { $1 - $0 }, bounds: bounds)
        case (.explicit(let bounds), .explicit(let counts), _):
            return percentileValue(fraction, counts: counts, bounds: bounds)
        case (_, .exponential(let counts), .exponential(let before)):
            return (counts.since(before) ?? counts).percentileValue(fraction)
        case (_, .exponential(let counts), _):
            return counts.percentileValue(fraction)
        default:
            return nil
        }
    }

    /// The place of a value; nil where there is none, and before the first point.
    func cell(of value: Double) -> Int? { cells?.cell(of: value) }

    /// Whether the filter lets a value pass. Without a known distribution nothing does; a counter's exemplars are no
    /// measurements that could be slow.
    func passes(_ value: Double, percentile: Double?) -> Bool {
        guard percentile != nil, cells != .single else { return true }
        guard let threshold else { return false }
        return value >= threshold
    }

    /// Whether spans can become exemplars at all.
    var measuresSpans: Bool { rule.value != .duration || nanosecondsPerUnit != nil }

    /// What the series measures of a span; nil when the span does not say.
    func value(of span: SpanCandidate) -> Double? {
        switch rule.value {
        case .duration: nanosecondsPerUnit.map { Double(span.duration) / $0 }
        case .one: 1
        case .attribute(let key): span.numbers[key]
        }
    }

    func matches(kind: UInt8, _ span: [UInt64: UInt64]) -> Bool { rule.matches(kind: kind, span, attributes) }

    /// Whether a cell may be offered another span's exemplar already. A slower one always.
    func isDue(_ cell: Int, value: Double, now: UInt64) -> Bool {
        guard let last = offers[cell] else { return offers.count < Self.cellLimit }
        return now &- last.at >= Self.offerInterval || (cells != .single && value > last.value)
    }

    /// Files an exemplar for the next point; true when it replaces one whose trace was dropped.
    mutating func publish(_ exemplar: ReadyExemplar, cell: Int, now: UInt64) -> Bool {
        guard ready.count < Self.cellLimit || ready[cell] != nil else { return false }
        offers[cell] = Offer(at: now, value: exemplar.exemplar.value)
        let filedTime = ready[cell]?.exemplar.timeNanoseconds ?? 0
        guard filedTime <= exemplar.exemplar.timeNanoseconds else { return false }
        ready[cell] = exemplar
        return wanting.remove(cell) != nil
    }

    /// Notes that a cell's exemplar went with its trace; true when another one is filed already.
    mutating func lose(_ cell: Int) -> Bool {
        if ready[cell] != nil { return true }
        if wanting.count < Self.cellLimit { wanting.insert(cell) }
        return false
    }

    /// The filed exemplars that lie in the point's time (conformance 163).
    func attachable(to point: PointShape) -> [(cell: Int, exemplar: ReadyExemplar)] {
        ready.filter { entry in
            let time = entry.value.exemplar.timeNanoseconds
            return time <= point.timeNanoseconds && (point.startNanoseconds == 0 || time > point.startNanoseconds)
        }
        .sorted { $0.key < $1.key }
        .map { (cell: $0.key, exemplar: $0.value) }
    }

    /// Forgets a filed exemplar that was written into a point.
    mutating func attached(_ exemplar: ReadyExemplar, cell: Int) {
        if ready[cell] == exemplar { ready[cell] = nil }
    }

    /// Takes back the exemplars of traces; their cells are open to the next candidate at once.
    mutating func withdraw(_ traces: Set<TraceID>) {
        for (cell, filed) in ready where traces.contains(filed.exemplar.traceID) {
            ready[cell] = nil
            wanting.insert(cell)
        }
        offers = [:]
        promotions.withdraw(traces)
    }
}
