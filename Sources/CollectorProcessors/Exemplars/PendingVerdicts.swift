import CollectorCore
import OTLPWire

/// Exemplars that wait until it is decided what becomes of their trace.
struct PendingVerdicts: Sendable {
    struct Entry: Sendable, Equatable {
        var exemplar: ReadyExemplar
        var series: SeriesKey
        /// Whose series it is.
        var resource: AttributeSetHash
        /// Came with a point, not from a span.
        var isFromPoint: Bool

        fileprivate var size: Int { ExemplarCost.exemplar + exemplar.size }
        fileprivate var identity: Identity {
            let exemplar = exemplar.exemplar
            return Identity(
                trace: exemplar.traceID, span: exemplar.spanID, value: exemplar.value.bitPattern,
                time: exemplar.timeNanoseconds, series: series, isFromPoint: isFromPoint)
        }
    }

    enum Addition: Sendable {
        case added
        /// The same one waits already.
        case known
        /// As many wait as may, or as many of the same resource.
        case full
        case noMemory
    }

    /// What tells entries apart: one trace may have any number, so they are not compared one by one.
    fileprivate struct Identity: Sendable, Hashable {
        var trace: TraceID
        var span: UInt64
        var value: UInt64
        var time: UInt64
        var series: SeriesKey
        var isFromPoint: Bool
    }

    private struct Waiting: Sendable {
        var entries: [Entry]
        var deadline: UInt64
    }

    private let limit: Int
    private var traces: [TraceID: Waiting] = [:]
    private var known: Set<Identity> = []
    /// How many wait by resource.
    private var counts: [AttributeSetHash: Int] = [:]
    /// Traces in the order of their deadlines. Those before `head` are done with, and so are those that were decided.
    private var deadlines: [(time: UInt64, trace: TraceID)] = []
    private var head = 0

    init(limit: Int) {
        self.limit = limit
    }

    /// When `expired` has something next.
    var nextDeadline: UInt64? { head < deadlines.count ? deadlines[head].time : nil }
    /// How many of those that wait came with points.
    private(set) var countFromPoints = 0

    /// Adds an entry, once.
    mutating func add(_ entry: Entry, until deadline: UInt64, _ memory: inout ExemplarMemory) -> Addition {
        let identity = entry.identity
        let own = counts[entry.resource] ?? 0
        guard FairShare.admits(own: own, total: known.count, limit: limit) else {
            return known.contains(identity) ? .known : .full
        }
        guard known.insert(identity).inserted else { return .known }
        guard memory.take(entry.size) else {
            known.remove(identity)
            return .noMemory
        }
        counts[entry.resource] = own + 1
        if entry.isFromPoint { countFromPoints += 1 }
        let trace = identity.trace
        if traces[trace]?.entries.append(entry) == nil {
            traces[trace] = Waiting(entries: [entry], deadline: deadline)
            deadlines.append((deadline, trace))
        }
        return .added
    }

    /// Takes out what waits for a trace.
    mutating func take(_ trace: TraceID, _ memory: inout ExemplarMemory) -> [Entry] {
        guard let found = traces.removeValue(forKey: trace) else { return [] }
        for entry in found.entries {
            known.remove(entry.identity)
            memory.change(by: -entry.size)
            if entry.isFromPoint { countFromPoints -= 1 }
            let others = (counts[entry.resource] ?? 0) - 1
            counts[entry.resource] = others > 0 ? others : nil
        }
        forgetDecided()
        return found.entries
    }

    /// Takes out what has waited long enough.
    mutating func expired(_ now: UInt64, _ memory: inout ExemplarMemory) -> [Entry] {
        var result: [Entry] = []
        while head < deadlines.count, deadlines[head].time <= now {
            let (time, trace) = deadlines[head]
            head += 1
            // A trace that was decided and came again has a deadline of its own.
            if traces[trace]?.deadline == time { result += take(trace, &memory) }
        }
        return result
    }

    /// Keeps the list of deadlines in proportion to what waits: traces may be decided long before theirs.
    private mutating func forgetDecided() {
        guard deadlines.count > 64 + 2 * traces.count else { return }
        deadlines = deadlines[head...].filter { traces[$0.trace]?.deadline == $0.time }
        head = 0
    }
}
