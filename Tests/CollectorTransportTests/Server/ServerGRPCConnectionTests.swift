import CollectorCore
import NIOCore
import NIOEmbedded
import NIOHPACK
import NIOHTTP2
import Testing

@testable import CollectorTransport

@Suite struct ServerGRPCConnectionTests {
    private let hello = ByteBuffer(string: "hello")

    /// Opens a call and sends its message.
    private func begin(_ connection: GRPCTestConnection, _ headers: HPACKHeaders = [:]) throws -> HTTP2StreamID {
        let id = try connection.open(GRPCTestService.path, headers)
        try connection.send(GRPCTestConnection.frame(hello), on: id, endStream: true)
        return id
    }

    @Test func `many calls are open at once and answered in any order (conformance 22)`() throws {
        let service = GRPCTestService(.later)
        let connection = try GRPCTestConnection(service)
        let ids = try (0..<200).map { _ in try begin(connection) }
        for (index, responder) in service.takePending().enumerated().reversed() {
            responder.answer(.success(ByteBuffer(string: "\(index)")))
            try connection.pump()
            #expect(connection.response(ids[index]).status == 0)
            #expect(connection.response(ids[index]).messages == [ByteBuffer(string: "\(index)")])
        }
    }

    @Test func `a call's deadline ends it, before and after its message is complete (conformance 23)`() throws {
        let budget = ByteBudget.unlimited()
        let service = GRPCTestService(.later)
        let connection = try GRPCTestConnection(service, budget: budget)
        let answering = try begin(connection, ["grpc-timeout": "2S"])
        let receiving = try connection.open(GRPCTestService.path, ["grpc-timeout": "3S"])
        try connection.send(ByteBuffer(bytes: [0, 0, 1, 0, 0, 1]), on: receiving)
        let unlimited = try begin(connection)
        try connection.advance(by: .milliseconds(1999))
        #expect(connection.response(answering).status == nil)
        try connection.advance(by: .milliseconds(1))
        #expect(connection.response(answering).status == 4)
        try connection.advance(by: .seconds(1))
        #expect(connection.response(receiving).status == 4)
        try connection.advance(by: .hours(1))
        #expect(connection.response(unlimited).status == nil)
        for responder in service.takePending() { responder.answer(.success(hello)) }
        try connection.pump()
        #expect(connection.response(unlimited).status == 0)
        #expect(connection.response(answering).messages.isEmpty)
        service.forgetCalls()
        #expect(budget.usedBytes == 0)
    }

    @Test(arguments: ["0S", "99999999H", "0n"]) func `extreme deadlines are served or expire`(timeout: String) throws {
        let connection = try GRPCTestConnection(GRPCTestService(.later))
        let id = try begin(connection, ["grpc-timeout": timeout])
        try connection.advance(by: .seconds(1))
        #expect(connection.response(id).status == (timeout.hasPrefix("0") ? 4 : nil))
    }

    @Test func `a malformed deadline is an error`() throws {
        #expect(try GRPCTestConnection().call(hello, ["grpc-timeout": "soon"]).status == 13)
    }

    @Test func `a message that never arrives ends its call`() throws {
        let budget = ByteBudget.unlimited()
        let connection = try GRPCTestConnection(budget: budget)
        let id = try connection.open()
        try connection.send(ByteBuffer(bytes: [0, 0, 1, 0, 0, 1]), on: id)
        #expect(budget.usedBytes > 0)
        try connection.advance(by: .seconds(60))
        #expect(connection.response(id).status == 4)
        #expect(budget.usedBytes == 0)
    }

    @Test func `ten thousand cancelled calls leave nothing behind (conformance 23)`() throws {
        let budget = ByteBudget.unlimited()
        let service = GRPCTestService(.later)
        for _ in 0..<20 {
            let connection = try GRPCTestConnection(service, budget: budget)
            for index in 0..<500 {
                let id = try connection.open()
                if index.isMultiple(of: 2) {
                    try connection.send(ByteBuffer(bytes: [0, 0, 0, 1, 0, 1]), on: id)
                    #expect(budget.usedBytes > 0)
                } else {
                    try connection.send(GRPCTestConnection.frame(hello), on: id, endStream: true)
                }
                try connection.cancel(id)
                for responder in service.takePending() { responder.answer(.success(hello)) }
                service.forgetCalls()
            }
            #expect(budget.usedBytes == 0)
            #expect(try begin(connection) != HTTP2StreamID(0))
            #expect(connection.isOpen)
            for responder in service.takePending() { responder.answer(.success(hello)) }
            service.forgetCalls()
        }
    }

    @Test func `resetting calls faster than any client would ends the connection (conformance 27)`() throws {
        var settings = GRPCServerSettings()
        settings.resetsPerSecond = 50
        let connection = try GRPCTestConnection(settings: settings)
        for _ in 0..<100 { connection.rapidReset() }
        try connection.pump()
        #expect(connection.goAway != nil)
    }

    @Test func `a disconnect releases every call`() throws {
        let budget = ByteBudget.unlimited()
        let service = GRPCTestService(.later)
        let connection = try GRPCTestConnection(service, budget: budget)
        let id = try connection.open()
        try connection.send(ByteBuffer(bytes: [0, 0, 1, 0, 0, 1]), on: id)
        _ = try begin(connection)
        connection.server.close(promise: nil)
        connection.loop.run()
        for responder in service.takePending() { responder.answer(.success(hello)) }
        service.forgetCalls()
        #expect(budget.usedBytes == 0)
    }

    @Test func `shutdown sends GOAWAY, finishes accepted calls and closes then (conformance 24)`() throws {
        let service = GRPCTestService(.later)
        let connection = try GRPCTestConnection(service)
        let id = try begin(connection)
        connection.server.pipeline.fireUserInboundEventTriggered(ServerShutdown())
        try connection.pump()
        #expect(connection.goAway == id)
        #expect(connection.isOpen)
        for responder in service.takePending() { responder.answer(.success(hello)) }
        try connection.pump()
        #expect(connection.response(id).status == 0)
        #expect(!connection.isOpen)
    }

    @Test func `an idle and an old connection say GOAWAY and close`() throws {
        var settings = GRPCServerSettings()
        settings.idleTimeout = .seconds(10)
        let idle = try GRPCTestConnection(settings: settings)
        try idle.advance(by: .seconds(9))
        #expect(try idle.call(hello).status == 0)
        try idle.advance(by: .seconds(9))
        #expect(idle.isOpen)
        try idle.advance(by: .seconds(1))
        #expect(idle.goAway != nil)
        #expect(!idle.isOpen)

        settings = GRPCServerSettings()
        settings.connectionAge = .seconds(10)
        let service = GRPCTestService(.later)
        let old = try GRPCTestConnection(service, settings: settings)
        let id = try begin(old)
        try old.advance(by: .seconds(10))
        #expect(old.goAway == id)
        #expect(old.isOpen)
        for responder in service.takePending() { responder.answer(.success(hello)) }
        try old.pump()
        #expect(old.response(id).status == 0)
        #expect(!old.isOpen)
    }

    @Test func `a long header list is refused alone, PINGs are answered (conformance 25)`() throws {
        let connection = try GRPCTestConnection()
        let long = String(repeating: "x", count: 20_000)
        #expect(try connection.call(hello, ["x-long": long]).httpStatus == "431")
        connection.write(.rootStream, .ping(HTTP2PingData(withInteger: 7), ack: false))
        try connection.pump()
        #expect(connection.pingAcks == 1)
        #expect(try connection.call(hello).status == 0)
    }

    @Test func `bytes that are not HTTP2 end the connection, HTTP1 is told why`() throws {
        for (bytes, isAnswered) in [
            ("GET /metrics HTTP/1.1\r\n\r\n", true), ("POST /v1/traces HTTP/1.1\r\n", true),
            ("\u{16}\u{3}\u{1}", false),
        ] {
            let server = EmbeddedChannel()
            try GRPCServer.configure(
                server,
                .init(
                    service: GRPCTestService(), settings: GRPCServerSettings(), budget: .unlimited(),
                    workers: ImmediateWorkers()))
            try server.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
            server.pipeline.fireChannelRead(ByteBuffer(string: bytes))
            server.embeddedEventLoop.run()
            let answer = try server.readOutbound(as: ByteBuffer.self).map { String(buffer: $0) }
            #expect(answer?.hasPrefix("HTTP/1.1 400 Bad Request\r\n") ?? false == isAnswered)
            #expect(!server.isActive)
        }
    }

    @Test func `a connection without preface is closed in time`() throws {
        let server = EmbeddedChannel()
        try GRPCServer.configure(
            server,
            .init(
                service: GRPCTestService(), settings: GRPCServerSettings(), budget: .unlimited(),
                workers: ImmediateWorkers()))
        try server.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        server.pipeline.fireChannelRead(ByteBuffer(string: "PRI * HTTP/2.0\r\n"))
        server.embeddedEventLoop.advanceTime(by: .seconds(10))
        #expect(!server.isActive)
    }
}

@Suite struct ServerGRPCHealthTests {
    private static let check = "/grpc.health.v1.Health/Check"
    private static let watch = "/grpc.health.v1.Health/Watch"

    private func request(_ service: String) -> ByteBuffer {
        ByteBuffer(bytes: service.isEmpty ? [] : [0x0A, UInt8(service.utf8.count)] + Array(service.utf8))
    }

    private func status(_ number: UInt8) -> ByteBuffer { ByteBuffer(bytes: [8, number]) }

    @Test func `Check knows the server and its services (conformance 26)`() throws {
        let connection = try GRPCTestConnection()
        for service in ["", "test.Service"] {
            let response = try connection.call(request(service), path: Self.check)
            #expect(response.messages == [status(1)])
            #expect(response.status == 0)
        }
        #expect(try connection.call(request("unknown"), path: Self.check).status == 5)
        #expect(try connection.call(ByteBuffer(bytes: [0x0A, 9]), path: Self.check).status == 3)
        #expect(try connection.call(request(""), path: "/grpc.health.v1.Health/List").status == 12)
        connection.health.set(.notServing, for: "test.Service")
        #expect(try connection.call(request("test.Service"), path: Self.check).messages == [status(2)])
    }

    @Test func `Watch answers at once and at every change, until cancelled`() throws {
        let connection = try GRPCTestConnection()
        let known = try connection.open(Self.watch)
        try connection.send(GRPCTestConnection.frame(request("test.Service")), on: known, endStream: true)
        let unknown = try connection.open(Self.watch)
        try connection.send(GRPCTestConnection.frame(request("later")), on: unknown, endStream: true)
        #expect(connection.response(known).messages == [status(1)])
        #expect(connection.response(unknown).messages == [status(3)])
        connection.health.set(.notServing, for: "test.Service")
        connection.health.set(.notServing, for: "test.Service")
        connection.health.set(.serving, for: "later")
        try connection.pump()
        #expect(connection.response(known).messages == [status(1), status(2)])
        #expect(connection.response(unknown).messages == [status(3), status(1)])
        try connection.cancel(known)
        connection.health.set(.serving, for: "test.Service")
        try connection.pump()
        #expect(connection.response(known).messages.count == 2)
        #expect(connection.health.watcherCount == 1)
    }

    @Test func `shutdown ends watches, after telling them`() throws {
        let connection = try GRPCTestConnection()
        let id = try connection.open(Self.watch)
        try connection.send(GRPCTestConnection.frame(request("")), on: id, endStream: true)
        connection.health.shutDown()
        connection.server.pipeline.fireUserInboundEventTriggered(ServerShutdown())
        try connection.pump()
        #expect(connection.response(id).messages == [status(1), status(2)])
        #expect(connection.response(id).status == 14)
        #expect(!connection.isOpen)
        connection.health.set(.serving, for: "")
        #expect(connection.health.status(of: "") == .notServing)
    }
}
