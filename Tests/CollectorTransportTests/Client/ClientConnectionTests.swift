import CollectorCore
import NIOCore
import NIOEmbedded
import NIOHTTP1
import Synchronization
import Testing

@testable import CollectorTransport

@Suite("one HTTP connection and time")
struct ClientConnectionTests {
    private let channel = EmbeddedChannel()
    private let connection: HTTPConnection

    init() throws {
        let writer = RequestWriter()
        let decoder = HTTPResponseDecoder()
        connection = HTTPConnection(
            channel: channel, writer: writer, decoder: decoder, idleTimeout: .seconds(90), responseLimit: 1000)
        try channel.pipeline.syncOperations.addHandlers([writer, ByteToMessageHandler(decoder), connection])
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
    }

    private func exchange(_ outcome: Outcome) throws -> HTTPClientExchange {
        let head = try RequestHead(endpoint: .http("http://h"), headers: [])
        let request = OutgoingRequest(head: head, body: [ByteBuffer(string: "x")], timeout: .seconds(5))
        return HTTPClientExchange(request, now: channel.embeddedEventLoop.now) { outcome.set($0) }
    }

    private final class Outcome: Sendable {
        private let result = Mutex<Result<HTTPResponse, any Error>?>(nil)
        var status: Int? { result.withLock { try? $0?.get().status } }
        var isFailure: Bool { result.withLock { if case .failure = $0 { true } else { false } } }
        func set(_ new: Result<HTTPResponse, any Error>) { result.withLock { $0 = new } }
    }

    private func answer() throws {
        try channel.writeInbound(ByteBuffer(string: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"))
    }

    @Test("a connection nobody uses is closed after the idle timeout, counted from its last answer")
    func idle() throws {
        let outcome = Outcome()
        connection.start(try exchange(outcome))
        channel.embeddedEventLoop.advanceTime(by: .seconds(4))
        try answer()
        connection.becomeIdle()
        #expect(outcome.status == 200)
        channel.embeddedEventLoop.advanceTime(by: .seconds(89))
        #expect(channel.isActive)
        channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        #expect(!channel.isActive)
        #expect(connection.isClosed)
    }

    @Test("a request has its own timeout on a connection that was idle for long")
    func timeoutAfterIdle() throws {
        let (first, second) = (Outcome(), Outcome())
        connection.start(try exchange(first))
        try answer()
        connection.becomeIdle()
        channel.embeddedEventLoop.advanceTime(by: .seconds(60))
        connection.start(try exchange(second))
        channel.embeddedEventLoop.advanceTime(by: .seconds(4))
        #expect(!second.isFailure)
        channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        #expect(second.isFailure)
        #expect(!channel.isActive)
    }

    @Test("an answer nobody asked for closes the connection")
    func unsolicited() throws {
        try? answer()
        #expect(!channel.isActive)
    }
}

@Suite("writes of many pieces")
struct ClientWriteCoalescingTests {
    private func bytes(_ pieces: [ByteBuffer]) -> ByteBuffer {
        pieces.reduce(into: ByteBuffer()) { $0.writeImmutableBuffer($1) }
    }

    @Test("the bytes stay the same and in order, in few pieces", arguments: [0, 1, 7, 400, 8191, 8192, 20_000])
    func sameBytes(size: Int) {
        let head = ByteBuffer(string: "head")
        let body = (0..<50).map { ByteBuffer(repeating: UInt8($0), count: size) }
        let pieces = WriteCoalescing.pieces(head: head, body: body)
        #expect(bytes(pieces) == bytes([head] + body))
        #expect(pieces.allSatisfy { $0.readableBytes > 0 })
        let limit = size < WriteCoalescing.largeBuffer ? 1 + 50 * size / WriteCoalescing.largeBuffer : 51
        #expect(pieces.count <= limit)
    }

    @Test("nothing at all is one empty piece")
    func nothing() {
        #expect(WriteCoalescing.pieces(head: ByteBuffer(), body: []) == [ByteBuffer()])
    }
}
