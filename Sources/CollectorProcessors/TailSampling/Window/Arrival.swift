import NIOCore
import OTLPWire

/// Spans of a request on their way into the window, a few thousand at a time, so that what is made for each stays small
/// whatever the size of the request. What does not depend on a shard's state is computed once, outside of any lock.
struct Arrival {
    /// Spans at most.
    static let spansAtOnce = 4096

    let body: ByteBuffer
    /// All of the request.
    let index: TraceIndex
    /// The positions of these spans in it.
    let range: Range<Int>
    private let hashes: [UInt64]
    /// The conditions that each span meets; empty when there are none.
    private let matches: [MatchSet]
    private let keys: SpanKeys

    init(
        body: ByteBuffer, index: TraceIndex, _ range: Range<Int>, hash: TraceHash, facts: SpanFacts,
        _ request: RequestFacts, now: UInt64
    ) {
        self.body = body
        self.index = index
        self.range = range
        hashes = index.spans[range].map { hash($0.traceID) }
        let bytes = body.readableBytesUInt8Span
        matches = facts.conditions.matches(bytes, index, range, request.conditions)
        keys = facts.keyTables.keys(bytes, index, range, request.keys, now: now)
    }

    /// The hash of a span's trace id.
    @inline(__always)
    func hash(of position: UInt32) -> UInt64 { hashes[Int(position) &- range.lowerBound] }

    /// Lets a trace's features know of one of the spans.
    /// - Parameter bytes: those of `body`; asking a buffer for them costs as much as noting a span.
    @inline(__always)
    func note(_ position: UInt32, _ bytes: Span<UInt8>, in features: inout TraceFeatures) {
        let span = index.spans[Int(position)]
        let resource = Int(index.scopes[Int(span.scope)].parent)
        features.note(
            span, bytes, matches.isEmpty ? MatchSet() : matches[Int(position) &- range.lowerBound],
            keys.keys(of: Int(position) &- range.lowerBound, resource: resource))
    }

    /// Whether one of the spans meets a condition.
    func meets(_ bit: Int, _ position: UInt32) -> Bool {
        !matches.isEmpty && matches[Int(position) &- range.lowerBound][bit]
    }

    /// Where the spans end that are of the same trace as the one at `start`.
    @inline(__always)
    func endOfRun(_ positions: ArraySlice<UInt32>, from start: Int) -> Int {
        let first = positions[start]
        var end = start &+ 1
        while end < positions.endIndex {
            let next = positions[end]
            guard hash(of: next) == hash(of: first),
                index.spans[Int(next)].traceID == index.spans[Int(first)].traceID
            else { break }
            end &+= 1
        }
        return end
    }

    /// The positions of the spans of each shard, in order.
    func positions(shards: Int) -> [[UInt32]] {
        guard shards > 1 else { return [range.map { UInt32($0) }] }
        var positions = [[UInt32]](repeating: [], count: shards)
        for shard in positions.indices { positions[shard].reserveCapacity(range.count / shards + 8) }
        for (offset, hash) in hashes.enumerated() {
            positions[TraceHash.shard(hash, of: shards)].append(UInt32(range.lowerBound + offset))
        }
        return positions
    }
}

/// The resources and scopes of a request, and where in a log they stand already.
struct ArrivalGroups {
    /// `position` is good while the log's `generation` is the one noted.
    struct Group {
        let hash: UInt64
        var position = none
        var generation = -1
    }

    var resources: [Group] = []
    var scopes: [Group] = []
    /// Whether one of them is so large that it must not leave with every few spans.
    private(set) var hasLarge = false

    /// Bytes from which on a group is large.
    private static let largeBytes = 64 << 10

    init(_ bytes: Span<UInt8>, _ index: TraceIndex, hash: TraceHash) {
        resources.reserveCapacity(index.resources.count)
        scopes.reserveCapacity(index.scopes.count)
        for group in index.resources {
            resources.append(Group(hash: Self.contentHash(bytes, group, hash.contentKey)))
            if group.head.count + group.tail.count > Self.largeBytes { hasLarge = true }
        }
        for group in index.scopes {
            // A scope is another one in another resource.
            let key = hash.contentKey ^ resources[Int(group.parent)].hash
            scopes.append(Group(hash: Self.contentHash(bytes, group, key)))
            if group.head.count + group.tail.count > Self.largeBytes { hasLarge = true }
        }
    }

    private static func contentHash(_ bytes: Span<UInt8>, _ group: GroupEntry, _ key: UInt64) -> UInt64 {
        let head = keyedHash(bytes, group.head, key)
        return group.tail.isEmpty ? head : keyedHash(bytes, group.tail, head)
    }
}
