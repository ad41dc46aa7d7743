import CollectorCore
import NIOCore
import NIOEmbedded
import NIOHPACK
import NIOHTTP2
import Synchronization

@testable import CollectorTransport

/// Records calls and answers as the test says: by default with the message itself.
final class GRPCTestService: GRPCService {
    enum Reply: Sendable {
        case echo
        case answer(GRPCAnswer)
        /// Held until the test answers through `takePending`.
        case later
        /// The responder is dropped.
        case never
    }

    static let path = "/test.Service/Export"

    private struct State {
        var calls: [GRPCCall] = []
        var pending: [GRPCResponder] = []
    }

    private let limits: CallLimits
    private let reply: Reply
    private let state = Mutex(State())

    init(_ reply: Reply = .echo, limits: CallLimits = CallLimits()) {
        self.reply = reply
        self.limits = limits
    }

    var messages: [String] { state.withLock { $0.calls.map { String(buffer: $0.message) } } }
    var calls: [GRPCCall] { state.withLock { $0.calls } }
    func forgetCalls() { state.withLock { $0.calls = [] } }

    func takePending() -> [GRPCResponder] {
        state.withLock { state in
            defer { state.pending = [] }
            return state.pending
        }
    }

    func admit(_ head: GRPCCallHead) -> GRPCAdmission {
        head.path == Self.path ? .read(limits) : .answer(.unknownMethod(head.path))
    }

    func handle(_ call: GRPCCall, respond: GRPCResponder) {
        state.withLock { state in
            state.calls.append(call)
            if case .later = reply { state.pending.append(respond) }
        }
        switch reply {
        case .echo: respond.answer(.success(call.message))
        case .answer(let answer): respond.answer(answer)
        case .later, .never: break
        }
    }
}

/// A gRPC server's connection and an HTTP/2 client's, joined without a socket.
final class GRPCTestConnection {
    let loop = EmbeddedEventLoop()
    let server: EmbeddedChannel
    let client: EmbeddedChannel
    let health = GRPCHealth(services: ["test.Service"])
    private let recorder = FrameRecorder()
    private var nextID = HTTP2StreamID(1)

    init(
        _ service: GRPCTestService = GRPCTestService(), settings: GRPCServerSettings = GRPCServerSettings(),
        budget: ByteBudget = .unlimited(), workers: any WorkerPool = ImmediateWorkers()
    ) throws {
        server = EmbeddedChannel(loop: loop)
        client = EmbeddedChannel(loop: loop)
        try GRPCServer.configure(
            server,
            .init(
                service: GRPCHealthService(health: health, next: service), settings: settings, budget: budget,
                workers: workers))
        try client.pipeline.syncOperations.addHandlers(NIOHTTP2Handler(mode: .client), recorder)
        let address = try SocketAddress(ipAddress: "127.0.0.1", port: 1)
        server.connect(to: address, promise: nil)
        client.connect(to: address, promise: nil)
        try pump()
    }

    /// Carries bytes both ways until there are none.
    func pump() throws {
        loop.run()
        while true {
            let toServer = try client.readOutbound(as: ByteBuffer.self)
            let toClient = try server.readOutbound(as: ByteBuffer.self)
            if let toServer { deliver(toServer, to: server) }
            if let toClient { deliver(toClient, to: client) }
            if toServer == nil, toClient == nil { return }
            loop.run()
        }
    }

    private func deliver(_ bytes: ByteBuffer, to channel: EmbeddedChannel) {
        channel.pipeline.fireChannelRead(bytes)
        channel.pipeline.fireChannelReadComplete()
    }

    func advance(by time: TimeAmount) throws {
        loop.advanceTime(by: time)
        try pump()
    }

    func write(_ id: HTTP2StreamID, _ payload: HTTP2Frame.FramePayload) {
        client.writeAndFlush(HTTP2Frame(streamID: id, payload: payload), promise: nil)
    }

    /// Opens a call; the headers replace or extend the usual ones.
    func open(
        _ path: String = GRPCTestService.path, _ headers: HPACKHeaders = [:], endStream: Bool = false
    ) throws -> HTTP2StreamID {
        defer { nextID = nextID.advanced(by: 2) }
        var all: HPACKHeaders = [
            ":method": "POST", ":scheme": "http", ":path": path, ":authority": "x", "content-type": "application/grpc",
            "te": "trailers",
        ]
        for (name, value, _) in headers { all.replaceOrAdd(name: name, value: value) }
        write(nextID, .headers(.init(headers: all, endStream: endStream)))
        try pump()
        return nextID
    }

    func send(_ bytes: ByteBuffer, on id: HTTP2StreamID, endStream: Bool = false) throws {
        write(id, .data(.init(data: .byteBuffer(bytes), endStream: endStream)))
        try pump()
    }

    func cancel(_ id: HTTP2StreamID) throws {
        write(id, .rstStream(.cancel))
        try pump()
    }

    /// Opens and resets a call without waiting for anything.
    func rapidReset() {
        let headers: HPACKHeaders = [
            ":method": "POST", ":scheme": "http", ":path": GRPCTestService.path, ":authority": "x",
            "content-type": "application/grpc",
        ]
        write(nextID, .headers(.init(headers: headers)))
        write(nextID, .rstStream(.cancel))
        nextID = nextID.advanced(by: 2)
    }

    /// A whole unary call.
    func call(
        _ message: ByteBuffer, compressed: Bool = false, path: String = GRPCTestService.path,
        _ headers: HPACKHeaders = [:]
    ) throws -> Response {
        let id = try open(path, headers)
        try send(Self.frame(message, compressed: compressed), on: id, endStream: true)
        return response(id)
    }

    static func frame(_ message: ByteBuffer, compressed: Bool = false) -> ByteBuffer {
        var framed = ByteBuffer()
        framed.writeGRPCPrefix(isCompressed: compressed, length: message.readableBytes)
        framed.writeImmutableBuffer(message)
        return framed
    }

    func response(_ id: HTTP2StreamID) -> Response { recorder.responses[id] ?? Response() }
    var goAway: HTTP2StreamID? { recorder.goAway }
    var pingAcks: Int { recorder.pingAcks }
    var isOpen: Bool { server.isActive }
}

/// What a client has got on a stream.
struct Response {
    var headers: [HPACKHeaders] = []
    var data = ByteBuffer()
    var isEnded = false
    var reset: HTTP2ErrorCode?

    var httpStatus: String? { headers.first?.first(name: ":status") }
    /// Of the trailers, which may be all there is; nil before the end.
    var status: Int? { isEnded ? trailer("grpc-status").flatMap { Int($0) } : nil }
    func trailer(_ name: String) -> String? { headers.last?.first(name: name) }

    /// The messages in `data`.
    var messages: [ByteBuffer] {
        var rest = data
        var messages: [ByteBuffer] = []
        while let (_, length) = rest.readMultipleIntegers(as: (UInt8, UInt32).self),
            let message = rest.readSlice(length: Int(length))
        {
            messages.append(message)
        }
        return messages
    }
}

private final class FrameRecorder: ChannelInboundHandler {
    typealias InboundIn = HTTP2Frame
    var responses: [HTTP2StreamID: Response] = [:]
    var goAway: HTTP2StreamID?
    var pingAcks = 0

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let frame = unwrapInboundIn(data)
        var response = responses[frame.streamID] ?? Response()
        switch frame.payload {
        case .headers(let headers):
            response.headers.append(headers.headers)
            response.isEnded = headers.endStream
        case .data(let data):
            if case .byteBuffer(let bytes) = data.data { response.data.writeImmutableBuffer(bytes) }
        case .rstStream(let code): response.reset = code
        case .goAway(let last, _, _): goAway = last
        case .ping(_, ack: true): pingAcks += 1
        default: break
        }
        responses[frame.streamID] = response
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // What the server does wrong shows in the frames that are missing.
    }
}
