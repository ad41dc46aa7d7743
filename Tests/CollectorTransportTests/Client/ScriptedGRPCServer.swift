import NIOCore
import NIOHPACK
import NIOHTTP2
import NIOPosix
import NIOSSL
import Synchronization

/// An HTTP/2 server on loopback that answers each complete request with the frames a script names.
final class ScriptedGRPCServer: Sendable {
    struct Call: Sendable {
        /// Counts the server's connections from 0.
        var connection: Int
        /// Counts this connection's requests from 0.
        var number: Int
        var headers: HPACKHeaders
        /// All bytes of the DATA frames.
        var body: ByteBuffer
    }

    enum Step: Sendable {
        case headers(HPACKHeaders, endStream: Bool = false)
        case data(ByteBuffer, endStream: Bool = false)
        case rst(HTTP2ErrorCode)
        /// Streams up to this call's own count as processed, or up to `last`.
        case goAway(last: HTTP2StreamID? = nil)
        case close

        static let ok: [Step] = [
            .headers([":status": "200", "content-type": "application/grpc"]), .data(message(ByteBuffer())),
            .headers(["grpc-status": "0"], endStream: true),
        ]

        /// A prefixed message.
        static func message(_ bytes: ByteBuffer, isCompressed: Bool = false) -> ByteBuffer {
            var buffer = ByteBuffer(integer: UInt8(isCompressed ? 1 : 0))
            buffer.writeInteger(UInt32(bytes.readableBytes))
            buffer.writeImmutableBuffer(bytes)
            return buffer
        }
    }

    typealias Script = @Sendable (Call) -> [Step]

    let port: Int
    private let listener: any Channel
    private let log: Log

    var calls: [Call] { log.calls.withLock { $0 } }
    var resets: [HTTP2ErrorCode] { log.resets.withLock { $0 } }
    var connectionCount: Int { log.channels.withLock { $0.count } }

    /// - Parameters:
    ///   - maxStreams: the limit of concurrent streams it announces.
    ///   - answersEarly: the script runs when the headers are there, before the body.
    init(
        port: Int = 0, tls: NIOSSLContext? = nil, maxStreams: Int = 100, answersEarly: Bool = false,
        script: @escaping Script
    ) async throws {
        let log = Log()
        self.log = log
        listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if let tls { try pipeline.addHandler(NIOSSLServerHandler(context: tls)) }
                    let settings = [HTTP2Setting(parameter: .maxConcurrentStreams, value: maxStreams)]
                    try pipeline.addHandler(NIOHTTP2Handler(mode: .server, initialSettings: settings))
                    let number = log.channels.withLock { channels in
                        channels.append(channel)
                        return channels.count - 1
                    }
                    try pipeline.addHandler(
                        ScriptedGRPCConnection(number: number, log: log, answersEarly: answersEarly, script: script))
                }
            }
            .bind(host: "127.0.0.1", port: port).get()
        self.port = listener.localAddress?.port ?? 0
    }

    func close() async throws { try await listener.close() }

    /// Closes the connections there are and waits until they are.
    func closeConnections() async throws {
        for channel in log.channels.withLock({ $0 }) where channel.isActive { try await channel.close() }
    }

    fileprivate final class Log: Sendable {
        let calls = Mutex<[Call]>([])
        let resets = Mutex<[HTTP2ErrorCode]>([])
        let channels = Mutex<[any Channel]>([])
    }
}

private final class ScriptedGRPCConnection: ChannelInboundHandler {
    typealias InboundIn = HTTP2Frame
    typealias OutboundOut = HTTP2Frame

    private let number: Int
    private let log: ScriptedGRPCServer.Log
    private let answersEarly: Bool
    private let script: ScriptedGRPCServer.Script
    private var open: [HTTP2StreamID: ScriptedGRPCServer.Call] = [:]
    private var callCount = 0

    init(number: Int, log: ScriptedGRPCServer.Log, answersEarly: Bool, script: @escaping ScriptedGRPCServer.Script) {
        self.number = number
        self.log = log
        self.answersEarly = answersEarly
        self.script = script
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let frame = unwrapInboundIn(data)
        let id = frame.streamID
        switch frame.payload {
        case .headers(let headers):
            let call = ScriptedGRPCServer.Call(
                connection: number, number: callCount, headers: headers.headers, body: ByteBuffer())
            callCount += 1
            open[id] = call
            if answersEarly { answer(call, on: id, context: context) }
        case .data(let data):
            if case .byteBuffer(let bytes) = data.data {
                open[id]?.body.writeImmutableBuffer(bytes)
                write(
                    .windowUpdate(windowSizeIncrement: max(1, bytes.readableBytes)), on: .rootStream, context: context)
                if !data.endStream {
                    write(.windowUpdate(windowSizeIncrement: max(1, bytes.readableBytes)), on: id, context: context)
                }
                context.flush()
            }
            if data.endStream, !answersEarly, let call = open.removeValue(forKey: id) {
                answer(call, on: id, context: context)
            }
        case .rstStream(let code):
            open[id] = nil
            log.resets.withLock { $0.append(code) }
        default: break
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {}

    private func answer(_ call: ScriptedGRPCServer.Call, on id: HTTP2StreamID, context: ChannelHandlerContext) {
        log.calls.withLock { $0.append(call) }
        for step in script(call) {
            switch step {
            case .headers(let headers, let endStream):
                write(.headers(.init(headers: headers, endStream: endStream)), on: id, context: context)
            case .data(let bytes, let endStream):
                write(.data(.init(data: .byteBuffer(bytes), endStream: endStream)), on: id, context: context)
            case .rst(let code): write(.rstStream(code), on: id, context: context)
            case .goAway(let last):
                write(
                    .goAway(lastStreamID: last ?? id, errorCode: .noError, opaqueData: nil), on: .rootStream,
                    context: context)
            case .close: context.close(promise: nil)
            }
        }
        context.flush()
    }

    private func write(_ payload: HTTP2Frame.FramePayload, on id: HTTP2StreamID, context: ChannelHandlerContext) {
        context.write(wrapOutboundOut(HTTP2Frame(streamID: id, payload: payload)), promise: nil)
    }
}
