import NIOCore
import OTLPWire

/// One request's spans on their way into the window: what does not depend on a shard's state is computed once, outside
/// of any lock.
struct Arrival {
    let body: ByteBuffer
    let index: TraceIndex
    /// The hash of each span's trace id.
    let hashes: [UInt64]
    /// The conditions that each span meets; empty when there are none.
    private let matches: [MatchSet]
    private let keys: SpanKeys

    init(body: ByteBuffer, index: TraceIndex, hash: TraceHash, facts: SpanFacts, now: UInt64) {
        self.body = body
        self.index = index
        hashes = index.spans.map { hash($0.traceID) }
        let bytes = body.readableBytesUInt8Span
        matches = facts.conditions.matches(bytes, index)
        keys = facts.keyTables.keys(bytes, index, now: now)
    }

    /// Lets a trace's features know of one of the spans.
    /// - Parameter bytes: those of `body`; asking a buffer for them costs as much as noting a span.
    @inline(__always)
    func note(_ position: UInt32, _ bytes: Span<UInt8>, in features: inout TraceFeatures) {
        let span = index.spans[Int(position)]
        let resource = Int(index.scopes[Int(span.scope)].parent)
        features.note(
            span, bytes, matches.isEmpty ? MatchSet() : matches[Int(position)],
            keys.keys(of: Int(position), resource: resource))
    }

    /// Whether one of the spans meets a condition.
    func meets(_ bit: Int, _ position: UInt32) -> Bool { !matches.isEmpty && matches[Int(position)][bit] }

    /// Where the spans end that are of the same trace as the one at `start`.
    @inline(__always)
    func endOfRun(_ positions: ArraySlice<UInt32>, from start: Int) -> Int {
        let first = Int(positions[start])
        var end = start &+ 1
        while end < positions.endIndex {
            let next = Int(positions[end])
            guard hashes[next] == hashes[first], index.spans[next].traceID == index.spans[first].traceID else { break }
            end &+= 1
        }
        return end
    }

    /// The positions of the spans of each shard, in order.
    func positions(shards: Int) -> [[UInt32]] {
        guard shards > 1 else { return [Array(0..<UInt32(hashes.count))] }
        var positions = [[UInt32]](repeating: [], count: shards)
        for shard in positions.indices { positions[shard].reserveCapacity(hashes.count / shards + 8) }
        for (position, hash) in hashes.enumerated() {
            positions[TraceHash.shard(hash, of: shards)].append(UInt32(position))
        }
        return positions
    }
}

/// The resources and scopes of an arrival, and where in a log they stand already.
struct ArrivalGroups {
    /// `position` is good while the log's `generation` is the one noted.
    struct Group {
        let hash: UInt64
        var position = none
        var generation = -1
    }

    var resources: [Group] = []
    var scopes: [Group] = []

    init(_ arrival: Arrival, hash: TraceHash) {
        let bytes = arrival.body.readableBytesUInt8Span
        resources.reserveCapacity(arrival.index.resources.count)
        scopes.reserveCapacity(arrival.index.scopes.count)
        for group in arrival.index.resources {
            resources.append(Group(hash: Self.contentHash(bytes, group, hash.contentKey)))
        }
        for group in arrival.index.scopes {
            // A scope is another one in another resource.
            let key = hash.contentKey ^ resources[Int(group.parent)].hash
            scopes.append(Group(hash: Self.contentHash(bytes, group, key)))
        }
    }

    private static func contentHash(_ bytes: Span<UInt8>, _ group: GroupEntry, _ key: UInt64) -> UInt64 {
        let head = keyedHash(bytes, group.head, key)
        return group.tail.isEmpty ? head : keyedHash(bytes, group.tail, head)
    }
}
