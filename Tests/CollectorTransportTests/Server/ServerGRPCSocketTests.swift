import CollectorCore
import NIOCore
import NIOPosix
import Testing

@testable import CollectorTransport

@Suite struct ServerGRPCSocketTests {
    /// The client's preface and empty SETTINGS, then a call's HEADERS (HPACK literals) and DATA, byte by byte as RFC 9113
    /// has them.
    private static func frame(_ type: UInt8, flags: UInt8, stream: UInt32, _ payload: [UInt8]) -> [UInt8] {
        let length = payload.count
        return [UInt8(length >> 16 & 255), UInt8(length >> 8 & 255), UInt8(length & 255), type, flags]
            + bigEndian(stream) + payload
    }

    private static func bigEndian(_ number: UInt32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: number >> (24 - 8 * $0)) }
    }

    private static func literal(_ name: String, _ value: String) -> [UInt8] {
        [0, UInt8(name.utf8.count)] + Array(name.utf8) + [UInt8(value.utf8.count)] + Array(value.utf8)
    }

    private static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + frame(4, flags: 0, stream: 0, [])

    private static func headers(stream: UInt32) -> [UInt8] {
        let block =
            literal(":method", "POST") + literal(":scheme", "http") + literal(":path", GRPCTestService.path)
            + literal(":authority", "x") + literal("content-type", "application/grpc")
        return frame(1, flags: 4, stream: stream, block)
    }

    private static func data(stream: UInt32, _ text: String) -> [UInt8] {
        frame(0, flags: 1, stream: stream, [0, 0, 0, 0, UInt8(text.utf8.count)] + Array(text.utf8))
    }

    private func start(_ service: GRPCTestService) async throws -> GRPCServer {
        try await GRPCServer.start(
            endpoint: "127.0.0.1:0", service: service, budget: .unlimited(), workers: PoolWorkers(),
            group: MultiThreadedEventLoopGroup.singleton)
    }

    private func contains(_ buffer: ByteBuffer, _ bytes: [UInt8]) -> Bool {
        Array(buffer.readableBytesView).firstRange(of: bytes) != nil
    }

    @Test(arguments: [1, 3, 1000]) func `a call is answered over a socket, however its bytes come`(size: Int)
        async throws
    {
        let service = GRPCTestService()
        let server = try await start(service)
        let client = try RawClient(port: server.port)
        let bytes = Self.preface + Self.headers(stream: 1) + Self.data(stream: 1, "needletail")
        for piece in ByteBuffer(bytes: bytes).pieces(of: size) { client.send(piece) }
        let answer = try await client.receive { contains($0, Array("needletail".utf8)) }
        #expect(contains(answer, Self.frame(0, flags: 0, stream: 1, [0, 0, 0, 0, 10] + Array("needletail".utf8))))
        #expect(service.messages == ["needletail"])
        await server.shutdown(within: .seconds(5))
        #expect(server.connectionCount == 0)
    }

    @Test func `shutdown says GOAWAY, answers the accepted call and closes (conformance 24)`() async throws {
        let service = GRPCTestService(.later)
        let server = try await start(service)
        let client = try RawClient(port: server.port)
        client.send(ByteBuffer(bytes: Self.preface + Self.headers(stream: 1) + Self.data(stream: 1, "x")))
        #expect(await eventually { !service.messages.isEmpty })
        let responders = service.takePending()
        async let shutdown: Void = server.shutdown(within: .seconds(10))
        let goAway = Self.frame(7, flags: 0, stream: 0, [0, 0, 0, 1, 0, 0, 0, 0])
        let before = try await client.receive { contains($0, goAway) }
        #expect(contains(before, goAway))
        for responder in responders { responder.answer(.success(ByteBuffer(string: "answered"))) }
        let rest = try await client.receive { _ in false }
        #expect(contains(rest, Array("answered".utf8)))
        client.closeOutput()
        await shutdown
        #expect(server.connectionCount == 0)
    }

    @Test func `shutdown does not wait for ever`() async throws {
        let service = GRPCTestService(.later)
        let server = try await start(service)
        let client = try RawClient(port: server.port)
        client.send(ByteBuffer(bytes: Self.preface + Self.headers(stream: 1) + Self.data(stream: 1, "x")))
        #expect(await eventually { !service.messages.isEmpty })
        let responders = service.takePending()
        await server.shutdown(within: .milliseconds(50))
        #expect(server.connectionCount == 0)
        _ = try await client.receive { _ in false }
        for responder in responders { responder.answer(.success(ByteBuffer())) }
    }

    @Test func `an HTTP1 client is told what the port is for`() async throws {
        let server = try await start(GRPCTestService())
        let client = try RawClient(port: server.port)
        client.send("POST /v1/traces HTTP/1.1\r\ncontent-length: 0\r\n\r\n")
        let answer = try await client.receiveToEnd()
        #expect(answer.hasPrefix("HTTP/1.1 400 Bad Request\r\n"))
        #expect(answer.contains("4318"))
        await server.shutdown(within: .zero)
    }
}
