import NIOCore
import NIOPosix

/// Sends bytes to a local port and reads until the other side closes; ask for `Connection: close`.
package func rawExchange(port: Int, _ request: [UInt8]) async throws -> String {
    let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        .connect(host: "127.0.0.1", port: port) { channel in
            channel.eventLoop.makeCompletedFuture {
                try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
            }
        }
    return try await channel.executeThenClose { inbound, outbound in
        try await outbound.write(ByteBuffer(bytes: request))
        var answer = ByteBuffer()
        for try await part in inbound { answer.writeImmutableBuffer(part) }
        return String(buffer: answer)
    }
}

/// One HTTP/1.1 request with a body on a connection of its own.
package func rawRequest(
    port: Int, _ method: String, _ path: String, headers: [String] = [], body: [UInt8] = []
) async throws -> String {
    let lines =
        ["\(method) \(path) HTTP/1.1", "Host: test", "Connection: close", "Content-Length: \(body.count)"] + headers
    return try await rawExchange(port: port, Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8) + body)
}

extension TestLog {
    /// The port in the first line that contains `mark` and ends in `:port` or `:port/…`.
    package func port(after mark: String) -> Int? {
        guard let line = lines.first(where: { $0.contains(mark) }), let colon = line.lastIndex(of: ":") else {
            return nil
        }
        return Int(line[line.index(after: colon)...].prefix { $0.isNumber })
    }
}
