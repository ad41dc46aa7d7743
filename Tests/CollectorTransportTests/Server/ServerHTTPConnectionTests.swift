import CollectorCore
import NIOCore
import NIOEmbedded
import Testing

@testable import CollectorTransport

@Suite struct ServerHTTPConnectionTests {
    private static let settings: HTTPServerSettings = {
        var settings = HTTPServerSettings()
        settings.headerTimeout = .seconds(10)
        settings.bodyTimeout = .seconds(20)
        settings.idleTimeout = .seconds(30)
        settings.lingerTime = .seconds(2)
        settings.skippedBytes = 1000
        return settings
    }()

    private func connection(
        _ service: HTTPTestService = HTTPTestService(), budget: ByteBudget = .unlimited()
    ) throws -> HTTPTestConnection {
        try HTTPTestConnection(service, settings: Self.settings, budget: budget)
    }

    @Test func `an idle connection is closed in time, each request begins the time anew`() throws {
        let connection = try connection()
        for _ in 0..<3 {
            connection.channel.embeddedEventLoop.advanceTime(by: .seconds(29))
            connection.read(connection.post("x"))
        }
        connection.channel.embeddedEventLoop.advanceTime(by: .seconds(29))
        #expect(connection.isOpen)
        connection.channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        #expect(!connection.isOpen)
        #expect(connection.service.bodies.count == 3)
    }

    @Test func `trickled headers end with 408, however steadily they trickle (conformance 46)`() throws {
        let connection = try connection()
        for byte in "POST /v1/".utf8 {
            connection.read(ByteBuffer(bytes: [byte]))
            connection.channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        }
        #expect(try connection.written() == "")
        connection.channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        #expect(try connection.statuses() == [408])
        connection.channel.embeddedEventLoop.advanceTime(by: .seconds(2))
        #expect(!connection.isOpen)
    }

    @Test func `a trickled body ends with 408 and is not ingested`() throws {
        let budget = ByteBudget.unlimited()
        let connection = try connection(budget: budget)
        for byte in connection.post("0123456789", "x: y").pieces(of: 1).dropLast(3) { connection.read(byte) }
        #expect(budget.usedBytes > 0)
        connection.channel.embeddedEventLoop.advanceTime(by: .seconds(20))
        #expect(try connection.statuses() == [408])
        #expect(budget.usedBytes == 0)
        connection.channel.embeddedEventLoop.advanceTime(by: .seconds(2))
        #expect(!connection.isOpen)
        #expect(connection.service.bodies.isEmpty)
    }

    @Test func `a pending answer has no time limit`() throws {
        let connection = try connection(HTTPTestService(reply: .later))
        connection.read(connection.post("x"))
        connection.channel.embeddedEventLoop.advanceTime(by: .seconds(1000))
        for responder in connection.service.takePending() { responder.answer(.text(200, "late")) }
        #expect(try connection.statuses() == [200])
        #expect(connection.isOpen)
    }

    @Test func `a short body followed by the end is not ingested (conformance 46)`() throws {
        let budget = ByteBudget.unlimited()
        let connection = try connection(budget: budget)
        connection.read("POST /v1/traces HTTP/1.1\r\ncontent-length: 100\r\n\r\nshort")
        connection.readEnd()
        #expect(connection.service.bodies.isEmpty)
        #expect(!connection.isOpen)
        #expect(budget.usedBytes == 0)
    }

    @Test func `a client that closes its side still gets its answers`() throws {
        let connection = try connection(HTTPTestService(reply: .later))
        var requests = connection.post("one")
        requests.writeImmutableBuffer(connection.post("two"))
        connection.read(requests)
        connection.readEnd()
        for _ in 0..<2 {
            for responder in connection.service.takePending() { responder.answer(.text(200, "done")) }
        }
        #expect(try connection.statuses() == [200, 200])
        #expect(!connection.isOpen)
    }

    @Test func `a client that disconnects releases its request, a late answer goes nowhere`() throws {
        let budget = ByteBudget.unlimited()
        let connection = try connection(HTTPTestService(reply: .later), budget: budget)
        connection.read(connection.post("x"))
        connection.channel.close(promise: nil)
        connection.channel.embeddedEventLoop.run()
        for responder in connection.service.takePending() { responder.answer(.text(200, "late")) }
        connection.service.forgetCalls()
        #expect(budget.usedBytes == 0)
    }

    @Test(arguments: [
        "nonsense\r\n\r\n", "GET /metrics HTTP/9.9\r\n\r\n", "GET\r\n\r\n",
        "POST /v1/traces HTTP/1.1\r\ncontent-length: -5\r\n\r\n",
        "POST /v1/traces HTTP/1.1\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n",
        "POST /v1/traces HTTP/1.1\r\ncontent-length: 99999999999999999999999999\r\n\r\n",
        "POST /v1/traces HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ]) func `malformed HTTP is answered 400 and the connection closes`(bytes: String) throws {
        let connection = try connection()
        connection.read(bytes)
        let text = try connection.written()
        #expect(text.hasPrefix("HTTP/1.1 400 "))
        #expect(text.contains("connection: close\r\n"))
        connection.read("more of it")
        connection.channel.embeddedEventLoop.advanceTime(by: .seconds(2))
        #expect(!connection.isOpen)
        #expect(connection.service.bodies.isEmpty)
    }

    @Test func `headers without end are refused`() throws {
        let connection = try connection()
        connection.read("GET /metrics HTTP/1.1\r\nx: \(String(repeating: "y", count: 200_000))")
        #expect(try connection.statuses() == [431])
    }

    @Test func `the rest of a refused body is skipped up to the bound`() throws {
        let connection = try connection()
        connection.read(connection.post(noise(1000), path: "/nothing"))
        #expect(connection.isOpen)
        connection.read(connection.post("x"))
        #expect(try connection.statuses() == [404, 200])

        connection.read("POST /nothing HTTP/1.1\r\ncontent-length: 1001\r\n\r\n")
        #expect(try connection.written().contains("connection: close"))
        connection.read(noise(500))
        connection.read(connection.post("not answered"))
        #expect(try connection.statuses() == [])
    }

    @Test func `after an upgrade request the connection closes, for the parser stops there`() throws {
        let connection = try connection()
        connection.read("GET /metrics HTTP/1.1\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n")
        #expect(try connection.written().contains("connection: close"))
        #expect(!connection.isOpen)
    }

    @Test func `shutdown closes idle connections and lets busy ones answer`() throws {
        let idle = try connection()
        idle.channel.pipeline.fireUserInboundEventTriggered(ServerShutdown())
        #expect(!idle.isOpen)

        let busy = try connection(HTTPTestService(reply: .later))
        busy.read(busy.post("x"))
        busy.channel.pipeline.fireUserInboundEventTriggered(ServerShutdown())
        #expect(busy.isOpen)
        for responder in busy.service.takePending() { responder.answer(.text(200, "done")) }
        #expect(try busy.statuses() == [200])
        #expect(!busy.isOpen)
    }

    @Test func `nothing is read while an answer is pending or the client does not read`() throws {
        let connection = try connection(HTTPTestService(reply: .later))
        let reads = ReadCounter()
        try connection.channel.pipeline.syncOperations.addHandler(reads, position: .first)
        connection.read(connection.post("x"))
        connection.channel.read()
        #expect(reads.count == 0)
        for responder in connection.service.takePending() { responder.answer(.text(200, "done")) }
        #expect(reads.count == 1)

        connection.channel.isWritable = false
        connection.channel.read()
        #expect(reads.count == 1)
        connection.channel.isWritable = true
        connection.channel.pipeline.fireChannelWritabilityChanged()
        #expect(reads.count == 2)
    }

    @Test(arguments: [
        (0, "Thu, 01 Jan 1970 00:00:00 GMT"), (951_827_696, "Tue, 29 Feb 2000 12:34:56 GMT"),
        (1_785_542_399, "Fri, 31 Jul 2026 23:59:59 GMT"), (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"),
    ]) func `dates are written as HTTP has them`(seconds: Int, expected: String) {
        #expect(HTTPDate.format(secondsSince1970: seconds) == expected)
    }
}

/// Counts the reads that reach the socket.
private final class ReadCounter: ChannelOutboundHandler {
    typealias OutboundIn = Never
    private(set) var count = 0

    func read(context: ChannelHandlerContext) { count += 1 }
}
