// Halves of edges that wait for the other one, in the order of their deadlines, which is the order they came in: all wait
// for the same time.

/// Pairs the two sides of requests across export requests.
struct WaitingEdges: Sendable {
    private var edges: [EdgeKey: Edge] = [:]
    private var order: [(key: EdgeKey, deadline: UInt64)] = []
    private var first = 0
    private let limit: Int

    init(limit: Int) { self.limit = limit }

    var count: Int { edges.count }

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
                edges[key] = nil
                return .complete(edge)
            }
            edges[key] = edge
            return .waits
        }
        guard edges.count < limit else { return .full }
        var edge = Edge()
        merge(&edge)
        edge.deadline = deadline
        edges[key] = edge
        order.append((key, deadline))
        return .waits
    }

    /// The next edge whose time is over, which waits no more; nil when there is none.
    mutating func nextExpired(now: UInt64) -> Edge? {
        while first < order.count, order[first].deadline <= now {
            let (key, deadline) = order[first]
            first += 1
            if first > 1024, first * 2 > order.count {
                order.removeFirst(first)
                first = 0
            }
            // One that was completed is not there, or another one stands in its place.
            if let edge = edges[key], edge.deadline == deadline {
                edges[key] = nil
                return edge
            }
        }
        return nil
    }
}
