/// The limits of an `HTTPServer`'s connections. A time of zero means no limit.
package struct HTTPServerSettings: Sendable {
    /// From the first bytes of a request to the end of its headers.
    package var headerTimeout = Duration.seconds(10)
    /// From the end of the headers to the end of the body.
    package var bodyTimeout = Duration.seconds(60)
    /// Between requests.
    package var idleTimeout = Duration.seconds(300)
    /// How long a client may take to read what there is of its answer: all of it, or the next piece of one that is made
    /// while it is sent.
    package var writeTimeout = Duration.seconds(30)
    /// Connections open at the same time; more are closed when they are accepted.
    package var connectionLimit = 10_000
    /// The largest rest of a refused request that is read so that the connection can be kept.
    package var skippedBytes = 1 << 20
    /// How long a connection that is to be closed goes on reading, so that the client sees the answer before the
    /// reset that unread bytes cause.
    package var lingerTime = Duration.seconds(2)

    package init() {}
}
