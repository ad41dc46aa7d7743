// Halves of edges that wait for the other one, in the order of their deadlines, which is the order they came in: all wait
// for the same time.

/// Pairs the two sides of requests across export requests.
struct WaitingEdges: Sendable {
    private var edges: [EdgeKey: Edge] = [:]
    /// The keys in the order they came. Those of edges that are complete stay for a while, but never outnumber the others
    /// by more than `slack`.
    private var order: [(key: EdgeKey, deadline: UInt64)] = []
    private var first = 0
    private let limit: Int
    private let room: SeriesRoom

    init(limit: Int, room: SeriesRoom) {
        self.limit = limit
        self.room = room
    }

    var count: Int { edges.count }
    /// The keys that are kept, with those of edges that wait no more.
    var keyCount: Int { order.count }

    enum Outcome {
        /// Both sides are known now; the edge waits no more.
        case complete(Edge)
        case waits
        /// There is no room for another half.
        case full
    }

    /// Takes in one side; `merge` puts it into the edge, which is new or has been waiting.
    mutating func add(_ key: EdgeKey, deadline: UInt64, _ merge: (inout Edge) -> Void) -> Outcome {
        if var edge = edges[key] {
            merge(&edge)
            if edge.client != nil, edge.server != nil {
                remove(key, edge)
                return .complete(edge)
            }
            edges[key] = edge
            return .waits
        }
        guard edges.count < limit else { return .full }
        var edge = Edge()
        merge(&edge)
        edge.deadline = deadline
        edge.bytes = edge.size
        guard room.take(edge.bytes) else { return .full }
        edges[key] = edge
        if order.count >= 2 * edges.count + Self.slack { compact() }
        order.append((key, deadline))
        return .waits
    }

    /// The next edge whose time is over, which waits no more; nil when there is none.
    mutating func nextExpired(now: UInt64) -> Edge? {
        while first < order.count, order[first].deadline <= now {
            let (key, deadline) = order[first]
            first += 1
            if first > Self.slack, first * 2 > order.count {
                order.removeFirst(first)
                first = 0
            }
            // One that was completed is not there, or another one stands in its place.
            if let edge = edges[key], edge.deadline == deadline {
                remove(key, edge)
                return edge
            }
        }
        return nil
    }

    private static let slack = 1024

    private mutating func remove(_ key: EdgeKey, _ edge: Edge) {
        edges[key] = nil
        room.giveBack(edge.bytes)
    }

    /// Forgets the keys of edges that wait no more.
    private mutating func compact() {
        order = order[first...].filter { edges[$0.key]?.deadline == $0.deadline }
        first = 0
    }
}
