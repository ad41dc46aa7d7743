import NIOCore
import NIOHTTP2

/// The limits of a `GRPCServer`'s connections. A time of zero means no limit.
package struct GRPCServerSettings: Sendable {
    /// Calls open at the same time on one connection; clients hold back more.
    package var maxConcurrentStreams = 1000
    /// From a call's headers to the end of its message, should its own deadline not be earlier.
    package var bodyTimeout = Duration.seconds(60)
    /// From accepting a connection to the HTTP/2 preface.
    package var handshakeTimeout = Duration.seconds(10)
    /// How long a connection without calls stays open (`max_connection_idle`).
    package var idleTimeout = Duration.zero
    /// After this a connection takes no new calls and closes when the last has ended (`max_connection_age`).
    package var connectionAge = Duration.zero
    /// Connections open at the same time; more are closed when they are accepted.
    package var connectionLimit = 10_000
    /// The largest header list of a call, by HTTP/2's count; a call with more is refused, its connection stays.
    package var headerListSize = 16 << 10
    /// A client that resets calls faster, over a fifth of a second, loses its connection.
    package var resetsPerSecond = 20_000
    /// How much a client may send of one call before it is told that it was read.
    package var streamWindow = 4 << 20
    /// The same for all calls of a connection together.
    package var connectionWindow = 16 << 20
    /// How long a connection that is to be closed goes on reading, so that the client sees what was sent last.
    package var lingerTime = Duration.seconds(2)

    package init() {}

    /// The limits in the terms of NIOHTTP2.
    var connection: NIOHTTP2Handler.ConnectionConfiguration {
        var connection = NIOHTTP2Handler.ConnectionConfiguration()
        connection.initialSettings = [
            HTTP2Setting(parameter: .maxConcurrentStreams, value: maxConcurrentStreams),
            HTTP2Setting(parameter: .initialWindowSize, value: streamWindow),
            HTTP2Setting(parameter: .maxFrameSize, value: 1 << 20),
            // Lists up to this size are decoded so that the call alone is refused, larger ones cost the connection.
            HTTP2Setting(parameter: .maxHeaderListSize, value: 4 * headerListSize),
        ]
        connection.maximumSequentialEmptyDataFrames = 8
        connection.maximumRecentlyResetStreams = maxConcurrentStreams
        // Clients that measure the bandwidth send a PING with nearly every response.
        connection.controlFrameRateLimit.maximumCount = 2000
        connection.controlFrameRateLimit.windowLength = .milliseconds(100)
        return connection
    }

    var stream: NIOHTTP2Handler.StreamConfiguration {
        var stream = NIOHTTP2Handler.StreamConfiguration()
        // Calls are cheap to open and give everything back when they are reset; clients whose deadlines are short
        // reset many.
        stream.streamResetFrameRateLimit.maximumCount = max(1, resetsPerSecond / 5)
        stream.streamResetFrameRateLimit.windowLength = .milliseconds(200)
        return stream
    }
}
