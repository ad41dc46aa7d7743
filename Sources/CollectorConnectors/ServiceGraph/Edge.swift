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
    /// When the other side will not be waited for any longer, in nanoseconds of the clock's `now()`.
    var deadline: UInt64 = 0
    /// What it has taken of the byte budget.
    var bytes = 0

    /// The bytes it takes while it waits, roughly.
    var size: Int { 256 + (client?.size ?? 0) + (server?.size ?? 0) + (peer?.utf8.count ?? 0) }
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
