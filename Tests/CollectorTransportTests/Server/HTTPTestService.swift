import CollectorCore
import CollectorTransport
import NIOCore
import NIOEmbedded
import NIOHTTP1
import Synchronization

@testable import CollectorTransport

/// Records what it is asked and answers as the test says.
final class HTTPTestService: HTTPService {
    enum Reply {
        /// 200 with the body's size as text.
        case size
        /// Held until the test answers through `pending`.
        case later
        /// The responder is dropped.
        case never
    }

    private struct State {
        var reply = Reply.size
        var calls: [HTTPCall] = []
        var pending: [HTTPResponder] = []
    }

    private let limits: CallLimits
    private let state = Mutex(State())

    init(limits: CallLimits = CallLimits(), reply: Reply = .size) {
        self.limits = limits
        state.withLock { $0.reply = reply }
    }

    var bodies: [String] { state.withLock { $0.calls.map { String(buffer: $0.body) } } }
    var calls: [HTTPCall] { state.withLock { $0.calls } }
    func forgetCalls() { state.withLock { $0.calls = [] } }

    /// Takes the responders of `Reply.later`.
    func takePending() -> [HTTPResponder] {
        state.withLock { state in
            defer { state.pending = [] }
            return state.pending
        }
    }

    func admit(_ head: HTTPCallHead) -> HTTPAdmission {
        switch head.path {
        case "/v1/traces":
            head.method == .POST ? .read(limits) : .answer(HTTPAnswer(status: 405, headers: [("allow", "POST")]))
        case "/metrics":
            .read(CallLimits(bytes: 0))
        default:
            .answer(.text(404, "unknown path"))
        }
    }

    func handle(_ call: HTTPCall, respond: HTTPResponder) {
        let reply = state.withLock { state in
            state.calls.append(call)
            if state.reply == .later { state.pending.append(respond) }
            return state.reply
        }
        if reply == .size { respond.answer(.text(200, "\(call.body.readableBytes)")) }
    }

    func failure(_ head: HTTPCallHead, _ error: DeliveryError, status: Int) -> HTTPAnswer {
        .text(status, "failure: \(error.message)")
    }
}

/// An HTTP connection without a socket.
struct HTTPTestConnection {
    let channel: EmbeddedChannel
    let service: HTTPTestService
    let budget: ByteBudget

    init(
        _ service: HTTPTestService = HTTPTestService(), settings: HTTPServerSettings = HTTPServerSettings(),
        budget: ByteBudget = .unlimited(), workers: any WorkerPool = ImmediateWorkers()
    ) throws {
        self.service = service
        self.budget = budget
        channel = EmbeddedChannel()
        try HTTPServer.configure(
            channel, .init(service: service, settings: settings, budget: budget, workers: workers))
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
    }

    /// Delivers what one read of the socket brought.
    func read(_ bytes: ByteBuffer) {
        channel.pipeline.fireChannelRead(bytes)
        channel.pipeline.fireChannelReadComplete()
        channel.embeddedEventLoop.run()
    }

    func read(_ text: String) { read(ByteBuffer(string: text)) }

    /// The client closes its side.
    func readEnd() {
        channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        channel.embeddedEventLoop.run()
    }

    /// Everything flushed since the last call, without the `date` lines.
    func written() throws -> String {
        channel.embeddedEventLoop.run()
        var text = ""
        while let buffer = try channel.readOutbound(as: ByteBuffer.self) { text += String(buffer: buffer) }
        return text.split(separator: "\r\n", omittingEmptySubsequences: false)
            .filter { !$0.hasPrefix("date: ") }.joined(separator: "\r\n")
    }

    /// The status codes of everything flushed since the last call.
    func statuses() throws -> [Int] {
        try written().split(separator: "HTTP/1.1 ").compactMap { Int($0.prefix(3)) }
    }

    var isOpen: Bool { channel.isActive }

    func post(_ body: String, path: String = "/v1/traces", _ headers: String...) -> ByteBuffer {
        post(ByteBuffer(string: body), path: path, headers)
    }

    func post(_ body: ByteBuffer, path: String = "/v1/traces", _ headers: [String] = []) -> ByteBuffer {
        var request = ByteBuffer(
            string: "POST \(path) HTTP/1.1\r\nhost: x\r\ncontent-length: \(body.readableBytes)\r\n"
                + headers.map { "\($0)\r\n" }.joined() + "\r\n")
        request.writeImmutableBuffer(body)
        return request
    }
}
