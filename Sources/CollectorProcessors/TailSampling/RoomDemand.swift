import CollectorCore
import OTLPWire

/// What requests take of the window: of each shard the bytes, at most, and the number of their traces.
struct RoomDemand {
    private(set) var requests = 0
    private(set) var traces = 0
    private(set) var bytes: [Int]
    /// The traces of one request by shard; those of several are only counted.
    private(set) var traceIDs: [[TraceID]]

    /// Nothing.
    init(shards: Int) {
        bytes = Array(repeating: 0, count: shards)
        traceIDs = Array(repeating: [], count: shards)
    }

    init(_ batch: Batch, shards: Int, _ hash: TraceHash) {
        self.init(shards: shards)
        requests = 1
        var known: Set<TraceID> = []
        for segment in batch.segments {
            guard case .traces(let index) = segment.index else { continue }
            var spans = Array(repeating: 0, count: shards)
            var largest = 0
            for span in index.spans {
                let size = SpanRecord.headerSize + span.range.count
                let shard = TraceHash.shard(hash(span.traceID), of: shards)
                spans[shard] += size
                largest = max(largest, size)
                guard known.insert(span.traceID).inserted else { continue }
                bytes[shard] += EntryStore.stride
                traceIDs[shard].append(span.traceID)
            }
            let groups = (index.resources + index.scopes).reduce(0) {
                $0 + GroupRecord.headerSize + $1.head.count + $1.tail.count
            }
            // Each segment has the groups anew, and ends before the record that does not fit any more.
            let perSegment = largest + 2 * groups
            for shard in 0..<shards where spans[shard] > 0 {
                bytes[shard] += spans[shard] + perSegment * (1 + spans[shard] / SegmentTable.segmentBytes)
            }
        }
        traces = known.count
    }

    static func += (sum: inout RoomDemand, other: RoomDemand) {
        sum.requests += other.requests
        sum.traces += other.traces
        for shard in sum.bytes.indices { sum.bytes[shard] += other.bytes[shard] }
    }

    static func -= (sum: inout RoomDemand, other: RoomDemand) {
        sum.requests -= other.requests
        sum.traces -= other.traces
        for shard in sum.bytes.indices { sum.bytes[shard] -= other.bytes[shard] }
    }
}
