import CollectorCore
import OTLPWire

/// Exemplars that wait until it is decided what becomes of their trace.
struct PendingVerdicts: Sendable {
    struct Entry: Sendable, Equatable {
        var exemplar: ReadyExemplar
        var series: SeriesKey
        /// Came with a point, not from a span.
        var isFromPoint: Bool
    }

    private let limit: Int
    private var entries: [TraceID: [Entry]] = [:]
    private var count = 0
    /// Traces in the order of their deadlines. Those before `head` are done with.
    private var deadlines: [(time: UInt64, trace: TraceID)] = []
    private var head = 0

    init(limit: Int) {
        self.limit = limit
    }

    /// When `expired` has something next.
    var nextDeadline: UInt64? { head < deadlines.count ? deadlines[head].time : nil }

    /// Adds an entry, once; false when too many wait.
    mutating func add(_ entry: Entry, until deadline: UInt64) -> Bool {
        let trace = entry.exemplar.exemplar.traceID
        if let known = entries[trace] {
            if known.contains(entry) { return true }
        } else {
            guard count < limit else { return false }
            deadlines.append((deadline, trace))
        }
        guard count < limit else { return false }
        entries[trace, default: []].append(entry)
        count += 1
        return true
    }

    /// Takes out what waits for a trace.
    mutating func take(_ trace: TraceID) -> [Entry] {
        guard let found = entries.removeValue(forKey: trace) else { return [] }
        count -= found.count
        return found
    }

    /// Takes out what has waited long enough.
    mutating func expired(_ now: UInt64) -> [Entry] {
        var result: [Entry] = []
        while head < deadlines.count, deadlines[head].time <= now {
            result += take(deadlines[head].trace)
            head += 1
        }
        if head > 64, head * 2 > deadlines.count {
            deadlines.removeFirst(head)
            head = 0
        }
        return result
    }
}

/// A bounded memory of traces whose exemplars were shown.
struct RecentTraces: Sendable {
    private static let perGeneration = 50_000
    private var young: Set<TraceID> = []
    private var old: Set<TraceID> = []

    mutating func insert(_ trace: TraceID) {
        if young.count >= Self.perGeneration {
            old = young
            young = []
        }
        young.insert(trace)
    }

    /// Whether the trace was remembered; it is not any more.
    mutating func remove(_ trace: TraceID) -> Bool {
        let wasYoung = young.remove(trace) != nil
        return old.remove(trace) != nil || wasYoung
    }
}
