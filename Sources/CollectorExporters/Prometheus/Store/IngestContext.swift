import CollectorCore
import OTLPWire

/// What taking points needs besides the points.
struct IngestTools: Sendable {
    let labeler: SeriesLabeler
    let exemplarText: ExemplarText
    let conflicts: ConflictCounters
    let resets: ResetCounters
    let gaps: GapCounters
    let directory: SeriesDirectory
    let memory: SeriesMemory
}

/// The moment at which something is taken or shown.
struct IngestClock: Sendable {
    /// How far ahead of the clock a point's time may be: senders' clocks differ by minutes. A time further ahead would
    /// make everything look late that comes until then.
    static let pointLead: UInt64 = 600_000_000_000
    /// How far ahead an exemplar may be.
    static let exemplarLead: UInt64 = 60_000_000_000

    /// Nanoseconds of the monotonic clock.
    let now: UInt64
    /// Nanoseconds since 1970.
    let wall: UInt64

    /// The latest time that is not ahead of the clock.
    var latest: UInt64 { wall.addingSaturated(Self.pointLead) }

    /// The time that an exemplar is taken with.
    func time(ofExemplar time: UInt64, _ conflicts: ConflictCounters) -> UInt64 {
        guard time > wall.addingSaturated(Self.exemplarLead) else { return time }
        conflicts.future.add()
        return wall
    }
}

/// The points of one metric of one batch.
struct IngestContext: Sendable {
    let tools: IngestTools
    let binding: MetricBinding
    /// The metric's name in the request.
    let name: ByteRange
    let clock: IngestClock
    /// The number of the batch: its exemplars belong together.
    let offer: UInt64

    var now: UInt64 { clock.now }

    /// A point's times as the sender gave them; those ahead of the clock are counted.
    func time(start: UInt64, _ time: UInt64) -> StreamTime {
        if max(start, time) > clock.latest { tools.conflicts.future.add() }
        return StreamTime(start: start, time: time)
    }
}
