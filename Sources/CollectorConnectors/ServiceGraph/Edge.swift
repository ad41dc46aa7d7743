import OTLPWire

/// What one side of a request said of it.
struct EdgeSide: Sendable {
    var service: String
    /// Nanoseconds.
    var duration: UInt64
    var isFailed: Bool
    /// How many requests the span stands for.
    var weight: Double
    /// By configured dimension.
    var dimensions: [String?]

    /// The bytes it takes, roughly.
    var size: Int { 64 + service.utf8.count + dimensions.reduce(0) { $0 + 32 + ($1?.utf8.count ?? 0) } }
}

/// What a half edge is found by: the client's span.
struct EdgeKey: Hashable, Sendable {
    var traceID: TraceID
    var clientSpan: UInt64
}

/// How two services are connected.
enum ConnectionType: String, Sendable {
    case direct = ""
    case messaging = "messaging_system"
    case database
    case virtual = "virtual_node"
}

/// A request of which one side has been seen, or both.
struct Edge: Sendable {
    var client: EdgeSide?
    var server: EdgeSide?
    var type = ConnectionType.direct
    /// What the client says it calls.
    var peer: String?
    /// Which of the halves that wait it is.
    var number: UInt64 = 0
    /// Whether it waits although it has been told as part of edges.
    var isPaired = false
    /// What it has taken of the byte budget.
    var bytes = 0

    /// How many requests it stands for.
    var weight: Double { max(client?.weight ?? 1, server?.weight ?? 1) }

    /// The bytes it takes while it waits, roughly.
    var size: Int { 256 + (client?.size ?? 0) + (server?.size ?? 0) + (peer?.utf8.count ?? 0) }

    /// The edge that a half and one of the other side are.
    func joined(with half: Edge) -> Edge {
        Edge(
            client: client ?? half.client, server: server ?? half.server,
            type: half.type == .messaging ? .messaging : type, peer: peer ?? half.peer)
    }
}

/// What edges are counted by.
struct EdgeIdentity: Hashable, Sendable {
    var client: String
    var server: String
    var type: ConnectionType
    var isFailed: Bool
    /// Whose side was not seen: `client`, `server` or nothing.
    var virtualSide: String
    /// By configured dimension.
    var clientDimensions: [String?]
    var serverDimensions: [String?]
}
