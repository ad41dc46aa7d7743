import NIOCore

/// How long to leave an endpoint alone that could not be reached (grpc/doc/connection-backoff): one second at first,
/// 1.6 times as long after each failure, two minutes at most, each time a fifth more or less.
struct ConnectBackoff {
    private static let first = 1.0
    private static let longest = 120.0
    private static let factor = 1.6
    private static let jitter = 0.2

    private var next = Self.first
    /// No attempt before this.
    private(set) var notBefore: NIODeadline?

    /// An attempt failed.
    /// - Parameter random: from 0 to 1.
    mutating func failed(at now: NIODeadline, random: Double) {
        let seconds = next * (1 + Self.jitter * (2 * random - 1))
        notBefore = now + .nanoseconds(Int64(seconds * 1e9))
        next = min(next * Self.factor, Self.longest)
    }

    /// The endpoint speaks HTTP/2.
    mutating func succeeded() {
        self = ConnectBackoff()
    }
}
