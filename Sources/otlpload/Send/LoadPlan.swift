import CollectorCore

/// What to send.
struct LoadPlan: Sendable {
    enum Transport: String, Sendable, CaseIterable {
        case http, grpc
    }

    var transport = Transport.http
    /// `http://host:port` for HTTP, `host:port` for gRPC.
    var endpoint = ""
    var signal = Signal.traces
    /// Spans or data points of one request.
    var itemsPerRequest = 1000
    /// Of requests of spans.
    var shape = StandardTraces.Shape()
    /// Requests of all lanes together, about; nil for no limit but the time.
    var maximumRequests: Int?
    var isCompressed = false
    var seed: UInt64 = 1
    /// Requests per second of all connections together; nil for as fast as the answers come.
    var rate: Double?
    var connections = 8
    /// Calls under way at the same time on one gRPC connection.
    var callsPerConnection = 1
    var threads = 1
    var timeout = Duration.seconds(30)
    /// How long a connection rests after a request that was not taken.
    var errorPause = Duration.milliseconds(10)

    /// Requests that can be under way at the same time.
    var lanes: Int { connections * (transport == .grpc ? callsPerConnection : 1) }
}
