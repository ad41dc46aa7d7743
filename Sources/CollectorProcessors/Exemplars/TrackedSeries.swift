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
    /// The hash of the metric's name: an observation is counted in one of a metric's series.
    let metric: UInt64
    let rule: MetricRule
    /// Nil when the metric's unit is no time.
    let nanosecondsPerUnit: Double?
    let attributes: [HashedAttribute]
    private(set) var cells: SeriesCells?
    /// The value of the configured percentile among what was counted since the point before.
    private(set) var threshold: Double?
    /// The point before; only when there is a percentile to be found.
    private var last: PointShape?
    private(set) var counts = CellCounts()
    /// Exemplars of kept traces by cell.
    private var filed = FiledExemplars()
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
        resource: AttributeSetHash, metric: UInt64, rule: MetricRule, nanosecondsPerUnit: Double?,
        attributes: [HashedAttribute]
    ) {
        self.resource = resource
        self.metric = metric
        self.rule = rule
        self.nanosecondsPerUnit = nanosecondsPerUnit
        self.attributes = attributes
    }

    /// Learns from a point what the series' distribution was since the point before. True when it is the first one.
    mutating func learn(_ point: PointShape, percentile: Double?) -> Bool {
        let isNew = cells == nil
        if point.cells != cells { rearrange(point.cells) }
        counts.learn(point)
        if let percentile {
            threshold = recentPercentile(percentile / 100, point) ?? threshold
            last = point
            last?.populated = nil
        }
        return isNew
    }

    /// What is known by cell is known by the new cells from now on; what was counted, by the next points.
    private mutating func rearrange(_ new: SeriesCells) {
        cells = new
        counts = CellCounts()
        last = nil
        threshold = nil
        wanting = []
        promotions = CellPromotions()
        filed.rearrange { entry in
            guard let cell = new.cell(of: entry.exemplar.value) else { return nil }
            _ = promotions.show(entry.exemplar.traceID, in: cell, now: entry.filedAt)
            return cell
        }
        let earlier = offers.values
        offers = [:]
        for offer in earlier {
            guard let cell = new.cell(of: offer.value), offers[cell]?.at ?? 0 <= offer.at else { continue }
            offers[cell] = offer
        }
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

    /// What the series is charged for, in bytes.
    var size: Int {
        let tables = counts.count + offers.count + wanting.count + promotions.count
        return ExemplarCost.series + ExemplarCost.attribute * attributes.count + (cells?.size ?? 0) + (last?.size ?? 0)
            + ExemplarCost.cell * tables + filed.bytes
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

    /// The name of the spans that the series counts, as a hash, when it has that as a label.
    var spanName: UInt64? {
        guard rule.attributes == .ofSpan else { return nil }
        return attributes.first { $0.key == SpanFields.nameLabel }?.value
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

    /// How exactly a span that matches fits, compared with other series of the metric; nil where all that match measure it.
    func fit(_ span: [UInt64: UInt64]) -> Int? { rule.fit(span, attributes) }

    /// Whether a cell may be offered another span's exemplar already. A slower one always.
    func isDue(_ cell: Int, value: Double, now: UInt64) -> Bool {
        guard let last = offers[cell] else { return offers.count < Self.cellLimit }
        return now &- last.at >= Self.offerInterval || (cells != .single && value > last.value)
    }

}

// MARK: Exemplars of kept traces

extension TrackedSeries {
    /// How many exemplars are filed.
    var filedCount: Int { filed.count }
    /// How many that came with points have left without having been shown, since others have their place.
    var superseded: Int { filed.superseded }
    /// How many filed ones came with points and were not shown yet.
    var owed: Int { filed.owed }

    func hasFiled(_ cell: Int) -> Bool { filed[cell] != nil }

    /// The exemplar of a cell that is to be shown.
    func newest(_ cell: Int) -> Exemplar? { filed[cell]?.newest?.exemplar }

    /// Files an exemplar for the scrape side and the next point.
    ///
    /// - Parameter capacity: how many the cell may have.
    /// - Returns: whether it replaces one whose trace was dropped. Nil when there are too many cells.
    mutating func file(_ entry: CellReservoir.Entry, cell: Int, capacity: Int) -> Bool? {
        guard filed.cells.count < Self.cellLimit || filed[cell] != nil else { return nil }
        noteOffer(entry.exemplar.value, cell: cell, now: entry.filedAt)
        var entry = entry
        entry.hasReplaced = wanting.remove(cell) != nil
        filed.add(entry, cell: cell, capacity: capacity)
        return entry.hasReplaced
    }

    /// Closes a cell for a while to the exemplars of other spans.
    mutating func noteOffer(_ value: Double, cell: Int, now: UInt64) {
        guard offers.count < Self.cellLimit || offers[cell] != nil else { return }
        offers[cell] = Offer(at: now, value: value)
    }

    /// Whether something was counted in an exemplar's cell: what a point brought is, by that point.
    private func isOpen(_ entry: CellReservoir.Entry, _ cell: Int) -> Bool {
        entry.isCounted || cells == .single || counts.isPopulated(cell)
    }

    /// The newest exemplar of a cell if the scrape side has to have it, which is noted.
    mutating func takeOffer(_ cell: Int) -> ReadyExemplar? {
        guard let newest = filed[cell]?.newest, !newest.isOffered, isOpen(newest, cell) else { return nil }
        filed.updateNewest(cell) { $0.isOffered = true }
        return newest.ready
    }

    /// The cells of which the scrape side has to have an exemplar.
    var offerable: [Int] {
        filed.cells.filter { cell, reservoir in
            reservoir.newest.map { !$0.isOffered && isOpen($0, cell) } ?? false
        }
        .keys.sorted()
    }

    /// The filed exemplars that lie in the point's time (conformance 163) and in buckets that it counts something in.
    func attachable(to point: PointShape) -> [(cell: Int, exemplar: ReadyExemplar)] {
        var found: [(cell: Int, exemplar: ReadyExemplar)] = []
        for (cell, reservoir) in filed.cells {
            guard let newest = reservoir.newest, !newest.isAttached, isOpen(newest, cell),
                newest.isCounted || !point.isDelta || point.populated?.contains(where: { $0.cell == cell }) != false
            else { continue }
            let time = newest.exemplar.timeNanoseconds
            guard time <= point.timeNanoseconds, point.startNanoseconds == 0 || time > point.startNanoseconds else {
                continue
            }
            found.append((cell, newest.ready))
        }
        return found.sorted { $0.cell < $1.cell }
    }

    /// Notes that a filed exemplar was written into a point; true when nobody had it before.
    mutating func attached(_ exemplar: ReadyExemplar, cell: Int) -> Bool {
        filed.markAttached(exemplar.exemplar, cell: cell)
    }

    /// Notes that the scrape side has taken a filed exemplar; true when nobody had it before.
    mutating func taken(_ exemplar: Exemplar) -> Bool {
        guard let cell = cell(of: exemplar.value) else { return false }
        return filed.markTaken(exemplar, cell: cell)
    }

    /// Notes that a cell's exemplar went with its trace; true when another one, which is filed for the next point, takes its
    /// place, once for each.
    mutating func lose(_ cell: Int) -> Bool {
        guard let newest = filed[cell]?.newest, !newest.isAttached else {
            if wanting.count < Self.cellLimit { wanting.insert(cell) }
            return false
        }
        filed.updateNewest(cell) { $0.hasReplaced = true }
        return !newest.hasReplaced
    }

    /// Takes back the exemplars of traces. Their cells are open to the next candidate at once.
    /// - Returns: how many of those that points brought had not been shown, and the cells that have another one to offer.
    mutating func withdraw(_ traces: Set<TraceID>) -> (owed: Int, cells: [Int]) {
        promotions.withdraw(traces)
        var owed = 0
        var left: [Int] = []
        let isGone = { (entry: CellReservoir.Entry) in traces.contains(entry.exemplar.traceID) }
        for cell in filed.cells(with: isGone) {
            owed += filed.remove(cell, where: isGone).count { $0.isOwed }
            offers[cell] = nil
            if filed[cell] != nil {
                left.append(cell)
            } else if wanting.count < Self.cellLimit {
                wanting.insert(cell)
            }
        }
        return (owed, left)
    }

    /// Forgets what was shown, or filed before `time`.
    /// - Returns: how many of those that points brought had not been shown.
    mutating func forgetShown(filedBefore time: UInt64) -> Int {
        let isGone = { (entry: CellReservoir.Entry) in entry.isOffered || entry.isAttached || entry.filedAt < time }
        return filed.cells(with: isGone).reduce(0) { $0 + filed.remove($1, where: isGone).count { $0.isOwed } }
    }
}
