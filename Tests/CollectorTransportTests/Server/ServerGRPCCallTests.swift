import CollectorCore
import NIOCore
import NIOEmbedded
import NIOHPACK
import NIOHTTP2
import Testing

@testable import CollectorTransport

@Suite struct ServerGRPCCallTests {
    private let hello = ByteBuffer(string: "hello")

    @Test func `a call is answered with message and trailers (conformance 1, 8, 18)`() throws {
        let connection = try GRPCTestConnection()
        let response = try connection.call(hello)
        #expect(response.httpStatus == "200")
        #expect(response.headers.first?.first(name: "content-type") == "application/grpc")
        #expect(response.messages == [hello])
        #expect(response.status == 0)
        #expect(response.reset == nil)
    }

    @Test func `a message is the same however frames cut it (conformance 20)`() throws {
        for size in [1, 2, 4, 5, 6, 100] {
            let service = GRPCTestService()
            let connection = try GRPCTestConnection(service)
            let id = try connection.open()
            for piece in GRPCTestConnection.frame(hello).pieces(of: size) { try connection.send(piece, on: id) }
            #expect(service.messages.isEmpty)
            try connection.send(ByteBuffer(), on: id, endStream: true)
            #expect(connection.response(id).messages == [hello])
            #expect(connection.response(id).status == 0)
        }
    }

    @Test func `messages larger than all windows arrive whole`() throws {
        var settings = GRPCServerSettings()
        settings.streamWindow = 100_000
        settings.connectionWindow = 150_000
        let service = GRPCTestService(.answer(.success(ByteBuffer())))
        let connection = try GRPCTestConnection(service, settings: settings)
        let content = noise(700_000)
        for _ in 0..<3 {
            #expect(try connection.call(content).status == 0)
        }
        #expect(service.calls.map(\.message) == [content, content, content])
    }

    @Test(arguments: ["application/grpc", "application/grpc+proto", "application/grpc;x=y"])
    func `gRPC's content types are accepted (conformance 17)`(type: String) throws {
        #expect(try GRPCTestConnection().call(hello, ["content-type": type]).status == 0)
    }

    @Test(arguments: ["application/json", "application/grpcx", "text/plain", ""])
    func `other content types are HTTP's 415 (conformance 16)`(type: String) throws {
        let connection = try GRPCTestConnection()
        let response = try connection.call(hello, ["content-type": type])
        #expect(response.httpStatus == "415")
        #expect(response.isEnded)
        #expect(try connection.call(hello).status == 0)
    }

    @Test func `an unknown method is UNIMPLEMENTED in trailers only (conformance 15)`() throws {
        let response = try GRPCTestConnection().call(hello, path: "/no.Such/Method")
        #expect(response.headers.count == 1)
        #expect(response.httpStatus == "200")
        #expect(response.status == 12)
        #expect(response.trailer("grpc-message")?.contains("/no.Such/Method") == true)
    }

    @Test func `gzip and deflate messages are inflated, flag 0 goes with any encoding (conformance 2)`() throws {
        let service = GRPCTestService()
        let connection = try GRPCTestConnection(service)
        let packed = try #require(Deflater.gzip([hello]))
        #expect(try connection.call(packed, compressed: true, ["grpc-encoding": "gzip"]).messages == [hello])
        #expect(try connection.call(hello, ["grpc-encoding": "identity"]).messages == [hello])
        #expect(try connection.call(hello, ["grpc-encoding": "snappy"]).messages == [hello])
        #expect(service.calls.map(\.gzipped) == [packed, nil, nil])
    }

    @Test func `an unsupported encoding is UNIMPLEMENTED and told what is (conformance 3)`() throws {
        let response = try GRPCTestConnection().call(hello, compressed: true, ["grpc-encoding": "snappy"])
        #expect(response.status == 12)
        let accepted = try #require(response.trailer("grpc-accept-encoding"))
        #expect(accepted.contains("gzip"))
        #expect(!accepted.contains("snappy"))
    }

    @Test func `a compressed message without encoding is INTERNAL (conformance 4)`() throws {
        #expect(try GRPCTestConnection().call(hello, compressed: true).status == 13)
        #expect(try GRPCTestConnection().call(hello, compressed: true, ["grpc-encoding": "identity"]).status == 13)
    }

    @Test func `corrupt gzip is INTERNAL and the connection goes on (conformance 5)`() throws {
        let connection = try GRPCTestConnection()
        #expect(try connection.call(hello, compressed: true, ["grpc-encoding": "gzip"]).status == 13)
        #expect(try connection.call(hello).status == 0)
    }

    @Test func `limits hold before and after decompression, without RetryInfo (conformance 6, 7)`() throws {
        let service = GRPCTestService(limits: CallLimits(wireBytes: 1000, bodyBytes: 2000))
        let connection = try GRPCTestConnection(service)
        let bomb = try #require(Deflater.gzip([ByteBuffer(repeating: 0, count: 500_000)]))
        for response in [
            try connection.call(noise(1001)),
            try connection.call(bomb, compressed: true, ["grpc-encoding": "gzip"]),
        ] {
            #expect(response.status == 8)
            #expect(response.trailer("grpc-status-details-bin") == nil)
        }
        #expect(try connection.call(noise(1000)).status == 0)
    }

    @Test func `a message over the limit is refused by its prefix, the client told to stop`() throws {
        let connection = try GRPCTestConnection(GRPCTestService(limits: CallLimits(bytes: 1000)))
        let id = try connection.open()
        try connection.send(ByteBuffer(bytes: [0, 0, 0, 4, 0]), on: id)
        #expect(connection.response(id).status == 8)
        #expect(connection.response(id).reset == .noError)
    }

    @Test func `two messages, none, half of one and a wrong flag are errors (conformance 21)`() throws {
        let service = GRPCTestService()
        let connection = try GRPCTestConnection(service)
        var two = GRPCTestConnection.frame(hello)
        two.writeImmutableBuffer(two)
        for (bytes, status) in [
            (two, 12), (ByteBuffer(), 12), (ByteBuffer(bytes: [0, 0, 0, 0, 9, 1, 2]), 13),
            (ByteBuffer(bytes: [0, 0]), 13), (ByteBuffer(bytes: [7, 0, 0, 0, 1, 1]), 13),
        ] {
            let id = try connection.open()
            try connection.send(bytes, on: id, endStream: true)
            #expect(connection.response(id).status == status)
        }
        let id = try connection.open(endStream: true)
        #expect(connection.response(id).status == 12)
        #expect(service.messages.isEmpty)
    }

    @Test func `a retryable refusal carries RetryInfo with the same code (conformance 12, 14)`() throws {
        let full = DeliveryError.retryable("queue full", after: .seconds(3), code: .resourceExhausted)
        let response = try GRPCTestConnection(GRPCTestService(.answer(.failure(full)))).call(hello)
        #expect(response.status == 8)
        let details = try #require(response.trailer("grpc-status-details-bin").flatMap { Base64.decode($0) })
        #expect(
            details == RPCStatus(code: .resourceExhausted, message: "queue full", retryAfter: .seconds(3)).encoded())

        let down = DeliveryError.retryable("no backend")
        let plain = try GRPCTestConnection(GRPCTestService(.answer(.failure(down)))).call(hello)
        #expect(plain.status == 14)
        #expect(plain.trailer("grpc-status-details-bin") == nil)
    }

    @Test func `status messages are percent-encoded (conformance 19)`() throws {
        let error = DeliveryError.permanent("ünvalid\n100%")
        let response = try GRPCTestConnection(GRPCTestService(.answer(.failure(error)))).call(hello)
        #expect(response.trailer("grpc-message") == "%C3%BCnvalid%0A100%25")
        #expect(response.status == 3)
    }

    @Test func `a dropped responder answers INTERNAL`() throws {
        let connection = try GRPCTestConnection(GRPCTestService(.never))
        let id = try connection.open()
        try connection.send(GRPCTestConnection.frame(hello), on: id, endStream: true)
        #expect(connection.response(id).status == 13)
    }

    @Test func `a full budget refuses retryably and holds nothing`() throws {
        let budget = ByteBudget(limit: 1000, now: { 0 })
        let connection = try GRPCTestConnection(budget: budget)
        let response = try connection.call(noise(5000))
        #expect(response.status == 8)
        #expect(response.trailer("grpc-status-details-bin") != nil)
        #expect(budget.usedBytes == 0)
    }

    @Test func `a large compressed message is inflated by a worker`() throws {
        let workers = ManualWorkers()
        let service = GRPCTestService(.answer(.success(ByteBuffer())))
        let connection = try GRPCTestConnection(service, workers: workers)
        let content = noise(700_000)
        let packed = try #require(Deflater.gzip([content], level: 1))
        let id = try connection.open(GRPCTestService.path, ["grpc-encoding": "gzip"])
        try connection.send(GRPCTestConnection.frame(packed, compressed: true), on: id, endStream: true)
        #expect(connection.response(id).status == nil)
        while workers.count > 0 {
            workers.runAll()
            try connection.pump()
        }
        #expect(connection.response(id).status == 0)
        #expect(service.calls.map(\.message) == [content])
        #expect(service.calls.map(\.gzipped) == [packed])
    }
}
