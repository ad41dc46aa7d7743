import Glibc
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// An HTTP/1.1 server on loopback that answers each request with what a script says, word for word.
final class ScriptedHTTPServer: Sendable {
    struct Request: Sendable {
        /// Counts the server's connections from 0.
        var connection: Int
        /// Counts this connection's requests from 0.
        var number: Int
        var head: String
        var body: ByteBuffer
    }

    enum Step: Sendable {
        case write(String)
        case writeBytes(ByteBuffer)
        case close
        /// An RST instead of a FIN.
        case reset

        static func answer(_ status: String = "200 OK", headers: String = "", body: String = "") -> Step {
            .write("HTTP/1.1 \(status)\r\n\(headers)Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
        }
    }

    typealias Script = @Sendable (Request) -> [Step]

    let port: Int
    private let listener: any Channel
    private let log: Log

    var requests: [Request] { log.requests.withLock { $0 } }
    var connectionCount: Int { log.channels.withLock { $0.count } }

    init(tls: NIOSSLContext? = nil, script: @escaping Script) async throws {
        let log = Log()
        self.log = log
        listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if let tls { try pipeline.addHandler(NIOSSLServerHandler(context: tls)) }
                    let number = log.channels.withLock { channels in
                        channels.append(channel)
                        return channels.count - 1
                    }
                    try pipeline.addHandler(ScriptedConnection(number: number, log: log, script: script))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        port = listener.localAddress?.port ?? 0
    }

    func close() async throws { try await listener.close() }

    /// Closes the connections there are and waits until they are.
    func closeConnections() async throws {
        for channel in log.channels.withLock({ $0 }) where channel.isActive { try await channel.close() }
    }

    fileprivate final class Log: Sendable {
        let requests = Mutex<[Request]>([])
        let channels = Mutex<[any Channel]>([])
    }
}

private final class ScriptedConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let number: Int
    private let log: ScriptedHTTPServer.Log
    private let script: ScriptedHTTPServer.Script
    private var received = ByteBuffer()
    private var requestCount = 0

    init(number: Int, log: ScriptedHTTPServer.Log, script: @escaping ScriptedHTTPServer.Script) {
        self.number = number
        self.log = log
        self.script = script
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        received.writeBuffer(&bytes)
        while let request = nextRequest() {
            log.requests.withLock { $0.append(request) }
            for step in script(request) {
                switch step {
                case .write(let text): context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
                case .writeBytes(let bytes): context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
                case .close: context.close(promise: nil)
                case .reset:
                    let channel = context.channel
                    (channel as? any SocketOptionProvider)?.setSoLinger(linger(l_onoff: 1, l_linger: 0))
                        .whenSuccess { channel.close(promise: nil) }
                }
            }
        }
    }

    private func nextRequest() -> ScriptedHTTPServer.Request? {
        let view = received.readableBytesView
        let separator = Array("\r\n\r\n".utf8)
        guard let end = view.indices.first(where: { view[$0...].starts(with: separator) }) else { return nil }
        let head = String(decoding: view[..<end], as: UTF8.self)
        let marker = "content-length: "
        let line = head.split(separator: "\r\n").first { $0.lowercased().hasPrefix(marker) }
        let length = line.flatMap { Int($0.dropFirst(marker.count)) } ?? 0
        guard received.readableBytes >= head.utf8.count + separator.count + length else { return nil }
        received.moveReaderIndex(forwardBy: head.utf8.count + separator.count)
        defer { requestCount += 1 }
        return .init(
            connection: number, number: requestCount, head: head,
            body: received.readSlice(length: length) ?? ByteBuffer())
    }
}
