import CollectorCore
import OTLPWire

/// The durations that one side of an edge measured.
struct EdgeDurations: Sendable {
    var count: UInt64 = 0
    var sumNanoseconds = 0.0
    /// By explicit bucket; empty when there are exponential ones.
    private(set) var buckets: [UInt64] = []
    private(set) var exponential: ExponentialBuckets?

    init(_ bounds: HistogramBounds, exponentialSize: Int?) {
        if let exponentialSize {
            exponential = ExponentialBuckets(maximumSize: exponentialSize)
        } else {
            buckets = Array(repeating: 0, count: bounds.bucketCount)
        }
    }

    mutating func add(_ duration: UInt64, count more: UInt64, weight: Double, _ bounds: HistogramBounds) {
        let more = min(more, UInt64(Int64.max) &- count)
        count &+= more
        sumNanoseconds += Double(duration) * weight
        if buckets.isEmpty {
            exponential?.add(Double(duration) / DurationUnit.seconds.nanoseconds, count: more)
        } else {
            buckets[bounds.bucket(duration)] &+= more
        }
    }
}

/// Everything that is told of the graph.
struct EdgeCounts: Sendable {
    struct Counted: Sendable {
        var requests: UInt64 = 0
        /// Those of the requests that failed: of an edge all or none, of the edges that are counted together some.
        var failed: UInt64 = 0
        var client: EdgeDurations
        var server: EdgeDurations
        /// Nanoseconds since 1970.
        var start: UInt64
    }

    /// Spans that became no edge, by the service of either side; the other one is empty.
    struct Loose: Hashable, Sendable {
        var client: String
        var server: String

        init(_ half: Edge) {
            client = half.client?.service ?? ""
            server = half.server?.service ?? ""
        }
    }

    struct LooseCount: Sendable {
        private(set) var count: UInt64 = 0
        /// Nanoseconds since 1970.
        let start: UInt64

        init(start: UInt64) { self.start = start }

        fileprivate mutating func add(_ more: UInt64) { count &+= min(more, UInt64(Int64.max) &- count) }
    }

    /// Loose spans of one kind.
    struct LooseList: Sendable {
        fileprivate(set) var services: CountedList<Loose, LooseCount>
        /// Those of services there was no room for.
        fileprivate(set) var overflow: LooseCount?

        fileprivate mutating func add(_ loose: Loose, count: UInt64, now: UInt64, time: UInt64) {
            let isKnown = services.update(loose, now: now) {
                256 + 2 * (loose.client.utf8.count + loose.server.utf8.count)
            } new: {
                LooseCount(start: time)
            } _: {
                $0.add(count)
            }
            if isKnown { return }
            if overflow == nil { overflow = LooseCount(start: time) }
            overflow?.add(count)
        }
    }

    let bounds: HistogramBounds
    private let exponentialSize: Int?
    private var counter: AdjustedCounter
    private(set) var edges: CountedList<EdgeIdentity, Counted>
    /// The edges there was no room for, as one.
    private(set) var overflow: Counted?
    private(set) var unpaired: LooseList
    private(set) var dropped: LooseList

    init(_ config: ServiceGraphConfig, seed: UInt64, room: SeriesRoom) {
        bounds = HistogramBounds(config.buckets, unit: .seconds)
        exponentialSize = config.exponentialSize
        counter = AdjustedCounter(seed: seed)
        edges = CountedList(limit: config.edgeLimit, room: room)
        unpaired = LooseList(services: CountedList(limit: config.edgeLimit, room: room))
        dropped = unpaired
    }

    /// Counts a request between two services.
    mutating func add(_ identity: EdgeIdentity, _ edge: Edge, now: UInt64, time: UInt64) {
        let weight = edge.weight
        let count = whole(weight)
        let bounds = bounds
        let more = { (counted: inout Counted) in
            counted.requests &+= min(count, UInt64(Int64.max) &- counted.requests)
            if identity.isFailed { counted.failed &+= min(count, UInt64(Int64.max) &- counted.failed) }
            if let client = edge.client { counted.client.add(client.duration, count: count, weight: weight, bounds) }
            if let server = edge.server { counted.server.add(server.duration, count: count, weight: weight, bounds) }
        }
        let exponentialSize = exponentialSize
        let new = {
            let durations = EdgeDurations(bounds, exponentialSize: exponentialSize)
            return Counted(client: durations, server: durations, start: time)
        }
        let bytes = { identity.bytes(buckets: exponentialSize ?? bounds.bucketCount) }
        if edges.update(identity, now: now, bytes: bytes, new: new, more) { return }
        if overflow == nil { overflow = new() }
        overflow.mutate(more)
    }

    /// Counts a half whose counterpart did not come.
    mutating func addUnpaired(_ half: Edge, now: UInt64, time: UInt64) {
        unpaired.add(Loose(half), count: whole(half.weight), now: now, time: time)
    }

    /// Counts a half there was no room for.
    mutating func addDropped(_ half: Edge, now: UInt64, time: UInt64) {
        dropped.add(Loose(half), count: whole(half.weight), now: now, time: time)
    }

    /// How many requests or spans are counted for one.
    private mutating func whole(_ weight: Double) -> UInt64 { weight > 1 ? counter.rounded(weight) : 1 }

    /// Forgets what was not counted since `oldest`.
    mutating func expire(before oldest: UInt64) {
        edges.expire(before: oldest)
        unpaired.services.expire(before: oldest)
        dropped.services.expire(before: oldest)
    }
}

extension EdgeIdentity {
    /// The bytes an edge takes, roughly.
    ///
    /// - Parameter buckets: those of one of its two histograms.
    fileprivate func bytes(buckets: Int) -> Int {
        let dimensions = (clientDimensions + serverDimensions).reduce(0) { $0 + ($1?.utf8.count ?? 0) }
        return 512 + 16 * buckets + 2 * (client.utf8.count + server.utf8.count + dimensions)
    }
}
