// All series that the scrape endpoint shows.
//
//     batch ─▶ bindings: (resource, scope, metric) ─▶ family ─▶ streams by identity ─▶ lines by labels ◀─ scrape
//              catalogue's lock, once per metric      the family's lock, for some hundred points, or some dozen series
//
// A stream is what OTLP tells apart: the whole resource, the scope, the metric and the point's attributes. A line is
// what Prometheus tells apart: the name and the labels. Usually a line shows one stream; where several streams look the
// same, counters and histograms are summed and of gauges and summaries the newest counts. A point of a known stream
// finds its place by a hash and allocates nothing; labels are rendered when a stream is new.

import CollectorCore
import OTLPWire
import Synchronization

/// What became of the points of a batch.
struct IngestTally {
    var exposed = 0
    var dropped: [DropReason: Int] = [:]

    mutating func drop(_ reason: DropReason, _ count: Int = 1) {
        dropped[reason, default: 0] += count
    }
}

final class MetricStore: Sendable {
    /// Points taken before scrapes get a turn.
    private static let pointsPerHold = 256

    let tools: IngestTools
    let catalogue: Mutex<Catalogue>
    let namer: MetricNamer
    let report: OmissionReport?
    let expirations: Expirations
    private let accumulatesNonMonotonicDeltas: Bool
    private let exemplarMaxAge: UInt64?
    private let log: Log
    /// Names that the log has mentioned; each once, and not without end.
    private let reported = Mutex<Set<Int>>([])
    private let offers = Atomic<UInt64>(1)

    init(_ config: PrometheusConfig, tools: IngestTools, report: OmissionReport?, log: Log) {
        self.report = report
        self.tools = tools
        self.log = log
        namer = MetricNamer(strategy: config.translationStrategy, namespace: config.namespace)
        expirations = config.expirations
        accumulatesNonMonotonicDeltas = config.nonMonotonicDeltas == .accumulate
        exemplarMaxAge = config.exemplarMaxAge?.nanoseconds
        catalogue = Mutex(Catalogue(target: TargetFamily(name: namer.targetInfoName), report: report))
    }

    /// The moment before which a last point is too old to be shown, for families without an expiration of their own.
    func cutoff(_ now: UInt64) -> UInt64 { Self.cutoff(now, expirations.standard?.nanoseconds) }

    /// The moment before which a last point is too old for any family.
    func lastCutoff(_ now: UInt64) -> UInt64 { Self.cutoff(now, expirations.longest) }

    func exemplarCutoff(_ now: UInt64) -> UInt64 { Self.cutoff(now, exemplarMaxAge) }

    static func cutoff(_ now: UInt64, _ age: UInt64?) -> UInt64 {
        guard let age, age < now else { return 0 }
        return now - age
    }

    /// A number for exemplars that come together.
    func nextOffer() -> UInt64 { offers.wrappingAdd(1, ordering: .relaxed).newValue }

    /// Tells the operator once about a metric.
    func report(_ message: @autoclosure () -> String, about name: [UInt8]) {
        let isNew = reported.withLock { $0.count < 1000 && $0.insert(name.hashValue).inserted }
        if isNew { log.warn(message()) }
    }

    /// Takes the points of one request.
    func ingest(_ index: MetricIndex, _ bytes: Span<UInt8>, _ clock: IngestClock, tally: inout IngestTally) {
        let offer = nextOffer()
        var groups = GroupHashes(bytes)
        for metric in index.metrics where metric.pointCount > 0 {
            groups.enter(metric.scope, index, bytes)
            ingest(metric, index, groups, bytes, clock, offer: offer, tally: &tally)
        }
    }

    private func ingest(
        _ metric: MetricEntry, _ index: MetricIndex, _ groups: GroupHashes, _ bytes: Span<UInt8>,
        _ clock: IngestClock, offer: UInt64, tally: inout IngestTally
    ) {
        let header = MetricHeader(bytes, metric: metric)
        if let reason = refusal(of: metric.kind, header) {
            if reason == .nameTooLong { reportLongName(header, bytes) }
            return tally.drop(reason, Int(metric.pointCount))
        }
        var rest = metric.data
        // A family may leave the store between finding it and locking it: then it is looked up again.
        while !rest.isEmpty {
            do throws(BindingRefusal) {
                let binding = try binding(metric, header, index, groups, bytes, now: clock.now)
                if binding.family.isHidden.load(ordering: .relaxed) {
                    return tally.drop(.nameConflict, Self.countPoints(rest, bytes))
                }
                let context = IngestContext(
                    tools: tools, binding: binding, name: header.name, clock: clock, offer: offer)
                rest = take(rest, metric.kind, bytes, context, &tally)
            } catch {
                return tally.drop(error.reason, Self.countPoints(rest, bytes))
            }
        }
    }

    /// Takes the points in `range`, a part of the metric's data.
    /// - Returns: what is left because the family is gone.
    private func take(
        _ range: ByteRange, _ kind: MetricEntry.Kind, _ bytes: Span<UInt8>, _ context: IngestContext,
        _ tally: inout IngestTally
    ) -> ByteRange {
        var rest = range
        while !rest.isEmpty {
            let family = context.binding.family
            let taken = family.state.withLock { state in
                family.isRetired.load(ordering: .relaxed)
                    ? rest : Self.takeSome(rest, kind, bytes, context, &state, &tally)
            }
            if taken == rest { return rest }
            rest = taken
        }
        return rest
    }

    /// Takes as many points as one hold of the lock allows; returns what comes after them.
    private static func takeSome(
        _ range: ByteRange, _ kind: MetricEntry.Kind, _ bytes: Span<UInt8>, _ context: IngestContext,
        _ state: inout FamilyState, _ tally: inout IngestTally
    ) -> ByteRange {
        var fields = FieldCursor(bytes, range)
        var position = range.start
        for _ in 0..<pointsPerHold {
            guard let field = fields.next() else { return .empty }
            position = field.range.end
            guard field.number == 1, case .bytes(let point) = field.value else { continue }
            let reason: DropReason? =
                switch kind {
                case .histogram: state.takeHistogram(point, bytes, context)
                case .summary: state.takeSummary(point, bytes, context)
                case .exponentialHistogram: state.takeExponential(point, bytes, context)
                case .gauge, .sum, .none: state.takeNumber(point, bytes, context)
                }
            if let reason { tally.drop(reason) } else { tally.exposed += 1 }
        }
        return position < range.end ? ByteRange(position, range.end) : .empty
    }

    private static func countPoints(_ range: ByteRange, _ bytes: Span<UInt8>) -> Int {
        var fields = FieldCursor(bytes, range)
        var count = 0
        while let field = fields.next() { count += field.number == 1 ? 1 : 0 }
        return count
    }

    private func reportLongName(_ header: MetricHeader, _ bytes: Span<UInt8>) {
        let start = ByteRange(header.name.start, min(header.name.end, header.name.start + 64))
        report(
            "the name or the unit of metric '\(copied(start, bytes).text)…' is longer than \(SizeLimits.name) bytes",
            about: copied(start, bytes))
    }

    /// Why no point of such a metric can be shown.
    private func refusal(of kind: MetricEntry.Kind, _ header: MetricHeader) -> DropReason? {
        if header.name.count > SizeLimits.name || header.unit.count > SizeLimits.name { return .nameTooLong }
        switch kind {
        case .gauge, .summary: return nil
        case .none: return .invalidPoint
        case .sum, .histogram, .exponentialHistogram: break
        }
        switch header.temporality {
        case .unspecified: return .unspecifiedTemporality
        case .delta where kind == .sum && !header.isMonotonic:
            return accumulatesNonMonotonicDeltas ? nil : .nonMonotonicDelta
        case .delta, .cumulative: return nil
        }
    }
}
