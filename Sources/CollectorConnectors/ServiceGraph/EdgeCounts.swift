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
        /// Nil for what had no room.
        var identity: EdgeIdentity?
        var requests: UInt64 = 0
        var client: EdgeDurations
        var server: EdgeDurations
        /// Nanoseconds since 1970.
        var start: UInt64
        /// Nanoseconds of the clock's `now()`.
        var lastSeen: UInt64
        var bytes: Int
    }

    /// Spans that became no edge, by the service of either side; the other one is empty.
    struct Loose: Hashable, Sendable {
        var client = ""
        var server = ""
    }

    struct LooseCount: Sendable {
        var count: UInt64 = 0
        /// Nanoseconds since 1970.
        var start: UInt64
    }

    let bounds: HistogramBounds
    private let exponentialSize: Int?
    private let limit: Int
    private let room: SeriesRoom
    private var counter: AdjustedCounter
    private(set) var edges: [EdgeIdentity: Counted] = [:]
    private(set) var overflow: Counted?
    private(set) var unpaired: [Loose: LooseCount] = [:]
    private(set) var dropped: [Loose: LooseCount] = [:]

    init(_ config: ServiceGraphConfig, seed: UInt64, room: SeriesRoom) {
        bounds = HistogramBounds(config.buckets, unit: .seconds)
        exponentialSize = config.exponentialSize
        limit = config.edgeLimit
        counter = AdjustedCounter(seed: seed)
        self.room = room
    }

    /// Counts a request between two services.
    mutating func add(_ identity: EdgeIdentity, _ edge: Edge, now: UInt64, time: UInt64) {
        let weight = max(edge.client?.weight ?? 1, edge.server?.weight ?? 1)
        let count = weight > 1 ? counter.rounded(weight) : 1
        let bounds = bounds
        let more = { (counted: inout Counted) in
            counted.requests &+= min(count, UInt64(Int64.max) &- counted.requests)
            counted.lastSeen = now
            if let client = edge.client { counted.client.add(client.duration, count: count, weight: weight, bounds) }
            if let server = edge.server { counted.server.add(server.duration, count: count, weight: weight, bounds) }
        }
        if edges[identity] != nil {
            // Counts in place: the optional is never nil here.
            edges[identity].mutate(more)
            return
        }
        let bytes = bytes(of: identity)
        if edges.count < limit, room.take(bytes) {
            var counted = new(identity, now, time, bytes: bytes)
            more(&counted)
            edges[identity] = counted
        } else {
            if overflow == nil { overflow = new(nil, now, time, bytes: 0) }
            overflow.mutate(more)
        }
    }

    private func new(_ identity: EdgeIdentity?, _ now: UInt64, _ time: UInt64, bytes: Int) -> Counted {
        let durations = EdgeDurations(bounds, exponentialSize: exponentialSize)
        return Counted(
            identity: identity, client: durations, server: durations, start: time, lastSeen: now, bytes: bytes)
    }

    private func bytes(of identity: EdgeIdentity) -> Int {
        let dimensions = (identity.clientDimensions + identity.serverDimensions).reduce(0) {
            $0 + ($1?.utf8.count ?? 0)
        }
        return 512 + 16 * (exponentialSize ?? bounds.bucketCount) + 2
            * (identity.client.utf8.count + identity.server.utf8.count + dimensions)
    }

    mutating func addUnpaired(_ loose: Loose, time: UInt64) { add(loose, to: \.unpaired, time) }
    mutating func addDropped(_ loose: Loose, time: UInt64) { add(loose, to: \.dropped, time) }

    private mutating func add(_ loose: Loose, to list: WritableKeyPath<Self, [Loose: LooseCount]>, _ time: UInt64) {
        let isKnown = self[keyPath: list][loose] != nil
        let place = isKnown || self[keyPath: list].count < limit ? loose : Loose()
        self[keyPath: list][place, default: LooseCount(start: time)].count &+= 1
    }

    /// Forgets the edges without requests since `oldest`.
    mutating func expire(before oldest: UInt64) {
        for (identity, counted) in edges where counted.lastSeen < oldest {
            edges[identity] = nil
            room.giveBack(counted.bytes)
        }
    }
}

extension Optional {
    /// Changes the value in place, if there is one.
    fileprivate mutating func mutate(_ body: (inout Wrapped) -> Void) {
        guard var value = take() else { return }
        body(&value)
        self = value
    }
}
