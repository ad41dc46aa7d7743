import CollectorCore
import NIOCore
import NIOHPACK
import NIOHTTP2
import NIOPosix
import NIOSSL
import Testing

@testable import CollectorTransport

@Suite("the gRPC client")
struct ClientGRPCTests {
    /// One loop, so that connection counts are certain.
    private static let oneLoop = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private static let method = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"

    private func client(
        port: Int, tls: ClientTLS? = nil, configuration: GRPCClientConfiguration = GRPCClientConfiguration(),
        group: MultiThreadedEventLoopGroup = oneLoop
    ) throws -> GRPCClient {
        GRPCClient(endpoint: try .grpc("127.0.0.1:\(port)"), tls: tls, configuration: configuration, group: group)
    }

    private func request(
        _ client: GRPCClient, message: [ByteBuffer] = [ByteBuffer(string: "body")], isCompressed: Bool = false,
        timeout: Duration = .seconds(20), waitForReady: Bool = false
    ) throws -> GRPCRequest {
        let head = try GRPCRequestHead(
            endpoint: client.endpoint, usesTLS: false, method: Self.method, userAgent: "test/1",
            metadata: [("X-Tenant", "a")])
        return GRPCRequest(
            head: head, message: message, isCompressed: isCompressed, timeout: timeout, waitForReady: waitForReady)
    }

    private func failure(_ client: GRPCClient, _ request: GRPCRequest) async throws -> DeliveryError {
        let error = await #expect(throws: DeliveryError.self) { try await client.send(request).get() }
        return try #require(error)
    }

    @Test("the call arrives as gRPC over HTTP/2 says, and the answer's message comes back", arguments: [true, false])
    func roundTrip(isCompressed: Bool) async throws {
        let answer = ByteBuffer(string: "answer")
        let server = try await ScriptedGRPCServer { _ in
            [
                .headers([":status": "200", "content-type": "application/grpc+proto"]),
                .data(ScriptedGRPCServer.Step.message(answer)), .headers(["grpc-status": "0"], endStream: true),
            ]
        }
        let client = try client(port: server.port)
        let message = [
            ByteBuffer(string: "one"), ByteBuffer(repeating: 0x61, count: 20_000), ByteBuffer(string: "two"),
        ]
        let request = try request(client, message: message, isCompressed: isCompressed)
        #expect(try await client.send(request).get() == answer)
        let call = try #require(server.calls.first)
        var expected: [(String, String)] = [
            (":method", "POST"), (":scheme", "http"), (":path", Self.method),
            (":authority", "127.0.0.1:\(server.port)"),
            ("content-type", "application/grpc"), ("te", "trailers"), ("user-agent", "test/1"),
            ("grpc-accept-encoding", "gzip"), ("x-tenant", "a"), ("grpc-timeout", "20000000u"),
        ]
        if isCompressed { expected.append(("grpc-encoding", "gzip")) }
        #expect(call.headers == HPACKHeaders(expected))
        var body = ByteBuffer()
        body.writeGRPCPrefix(isCompressed: isCompressed, length: 20_006)
        for piece in message { body.writeImmutableBuffer(piece) }
        #expect(call.body == body)
        #expect(server.resets.isEmpty)
        try await client.shutDown().get()
    }

    @Test("many calls at once share one connection, also beyond the server's limit of streams")
    func concurrency() async throws {
        let server = try await ScriptedGRPCServer(maxStreams: 3) { _ in ScriptedGRPCServer.Step.ok }
        let client = try client(port: server.port)
        let message = [ByteBuffer(repeating: 0x62, count: 50_000)]
        let answers = try (0..<50).map { _ in client.send(try request(client, message: message)) }
        for answer in answers { #expect(try await answer.get().readableBytes == 0) }
        #expect(server.connectionCount == 1)
        #expect(server.calls.count == 50)
        try await client.shutDown().get()
    }

    @Test("answers larger than HTTP/2's first windows arrive, one after the other on one connection")
    func inboundFlowControl() async throws {
        let large = ByteBuffer(repeating: 0x63, count: 1_000_000)
        let server = try await ScriptedGRPCServer { _ in
            [
                .headers([":status": "200", "content-type": "application/grpc"]),
                .data(ScriptedGRPCServer.Step.message(large)), .headers(["grpc-status": "0"], endStream: true),
            ]
        }
        let client = try client(port: server.port)
        for _ in 0..<3 { #expect(try await client.send(request(client)).get() == large) }
        #expect(server.connectionCount == 1)
        try await client.shutDown().get()
    }

    @Test("on an event loop of the group the answer comes on that loop")
    func staysOnLoop() async throws {
        let server = try await ScriptedGRPCServer { _ in ScriptedGRPCServer.Step.ok }
        let client = try client(port: server.port, group: .singleton)
        let request = try request(client)
        for eventLoop in MultiThreadedEventLoopGroup.singleton.makeIterator() {
            let stayed = eventLoop.makePromise(of: Bool.self)
            eventLoop.execute { client.send(request) { _ in stayed.succeed(eventLoop.inEventLoop) } }
            #expect(try await stayed.futureResult.get())
        }
        try await client.shutDown().get()
    }

    @Test("every status comes through the wire as the error it means (conformance 76, 77)")
    func statuses() async throws {
        let server = try await ScriptedGRPCServer { call in
            [
                .headers(
                    [":status": "200", "content-type": "application/grpc", "grpc-status": "\(call.number + 1)"],
                    endStream: true)
            ]
        }
        let client = try client(port: server.port)
        for code in StatusCode.allCases.dropFirst() {
            let error = try await failure(client, request(client))
            #expect(error.code == code)
            #expect(error.isRetryable == code.isRetryableForClients)
        }
        #expect(server.connectionCount == 1)
        try await client.shutDown().get()
    }

    @Test("no answer in time resets the stream and is DEADLINE_EXCEEDED; the connection stays (conformance 95)")
    func deadline() async throws {
        let server = try await ScriptedGRPCServer { $0.number == 1 ? [] : ScriptedGRPCServer.Step.ok }
        let client = try client(port: server.port)
        _ = try await client.send(request(client)).get()
        let error = try await failure(client, request(client, timeout: .milliseconds(50)))
        #expect(error.isRetryable)
        #expect(error.code == .deadlineExceeded)
        #expect(error.message == "127.0.0.1:\(server.port): no answer within 0.05 seconds")
        _ = try await client.send(request(client)).get()
        #expect(server.resets == [.cancel])
        #expect(server.connectionCount == 1)
        try await client.shutDown().get()
    }

    @Test("an answer before the request is sent ends the call and stops the rest of the request")
    func earlyAnswer() async throws {
        let server = try await ScriptedGRPCServer(answersEarly: true) { call in
            [.headers([":status": "200", "content-type": "application/grpc", "grpc-status": "8"], endStream: true)]
        }
        let client = try client(port: server.port)
        let body = [ByteBuffer(repeating: 0x64, count: 10_000_000)]
        for _ in 0..<3 {
            let error = try await failure(client, request(client, message: body))
            #expect(error.code == .resourceExhausted)
            #expect(!error.isRetryable)
        }
        #expect(server.connectionCount == 1)
        try await client.shutDown().get()
    }

    @Test("a refused stream is sent once more, and then it is a retryable error")
    func refusedStream() async throws {
        let server = try await ScriptedGRPCServer {
            $0.number == 0 ? [.rst(.refusedStream)] : ScriptedGRPCServer.Step.ok
        }
        let first = try client(port: server.port)
        _ = try await first.send(request(first)).get()
        #expect(server.calls.count == 2)
        try await first.shutDown().get()
        let always = try await ScriptedGRPCServer { _ in [.rst(.refusedStream)] }
        let second = try client(port: always.port)
        let error = try await failure(second, request(second))
        #expect(error.isRetryable)
        #expect(error.code == .unavailable)
        #expect(always.calls.count == 2)
        try await second.shutDown().get()
    }

    @Test("a reset says what it means", arguments: [(3, false), (8, true), (11, true), (12, false), (0, false)])
    func reset(code: Int, isRetryable: Bool) async throws {
        let server = try await ScriptedGRPCServer { _ in [.rst(.init(networkCode: code))] }
        let client = try client(port: server.port)
        let error = try await failure(client, request(client))
        #expect(error.isRetryable == isRetryable, "\(error)")
        try await client.shutDown().get()
    }

    @Test("after GOAWAY calls under way finish and new ones have a new connection")
    func goAway() async throws {
        let server = try await ScriptedGRPCServer { call in
            (call.number == 0 ? [.goAway()] : []) + ScriptedGRPCServer.Step.ok
        }
        let client = try client(port: server.port)
        for _ in 0..<3 { _ = try await client.send(request(client)).get() }
        #expect(server.connectionCount == 3)
        try await client.shutDown().get()
    }

    @Test("calls that GOAWAY says were not looked at are sent again on the new connection")
    func goAwayUnprocessed() async throws {
        let server = try await ScriptedGRPCServer { call in
            switch (call.connection, call.number) {
            case (0, 0): []
            case (0, 1): [.goAway(last: 1)]
            default: ScriptedGRPCServer.Step.ok
            }
        }
        let client = try client(port: server.port)
        let held = client.send(try request(client, timeout: .seconds(600)))
        _ = try await client.send(request(client)).get()
        #expect(server.connectionCount == 2)
        #expect(server.calls.map(\.connection) == [0, 0, 1])
        try await server.closeConnections()
        await #expect(throws: DeliveryError.self) { try await held.get() }
        try await client.shutDown().get()
    }

    @Test(
        "a connection closed under a call is a retryable error, and the next call has a new connection (conformance 81)"
    )
    func closed() async throws {
        let server = try await ScriptedGRPCServer { $0.connection == 0 ? [.close] : ScriptedGRPCServer.Step.ok }
        let client = try client(port: server.port)
        let error = try await failure(client, request(client))
        #expect(error.isRetryable)
        #expect(error.code == .unavailable)
        #expect(error.message.contains("connection "), "\(error.message)")
        _ = try await client.send(request(client)).get()
        try await client.shutDown().get()
    }

    @Test("a connection refused is a retryable error naming endpoint and cause, at once also during the back-off")
    func refused() async throws {
        let server = try await ScriptedGRPCServer { _ in [] }
        try await server.close()
        let client = try client(port: server.port)
        for _ in 0..<2 {
            let error = try await failure(client, request(client))
            #expect(error.isRetryable)
            #expect(error.code == .unavailable)
            #expect(error.message == "127.0.0.1:\(server.port): connection refused")
        }
        try await client.shutDown().get()
    }

    @Test("a call that waits for readiness does so until its timeout")
    func waitForReady() async throws {
        let server = try await ScriptedGRPCServer { _ in [] }
        try await server.close()
        let client = try client(port: server.port)
        let error = try await failure(client, request(client, timeout: .milliseconds(50), waitForReady: true))
        #expect(error.code == .deadlineExceeded)
        #expect(error.message.contains("no connection within"))
        try await client.shutDown().get()
    }

    @Test("a server that does not speak HTTP/2 is a retryable error")
    func notHTTP2() async throws {
        let server = try await ScriptedHTTPServer { _ in
            [.answer("400 Bad Request", headers: "Connection: close\r\n"), .close]
        }
        let client = try client(port: server.port)
        let error = try await failure(client, request(client))
        #expect(error.isRetryable)
        try await client.shutDown().get()
    }

    @Test("over TLS the client offers h2, checks the certificate, and refuses a server that chooses another protocol")
    func tls() async throws {
        var settings = ClientTLSSettings()
        settings.caPEM = TestCertificates.authority
        for (offered, words) in [("h2", nil), ("http/1.1", "not HTTP/2")] as [(String, String?)] {
            let context = try ClientTLSTests.serverContext(
                TestCertificates.addressed, key: TestCertificates.addressedKey, applicationProtocols: [offered])
            let server = try await ScriptedGRPCServer(tls: context) { _ in ScriptedGRPCServer.Step.ok }
            let tls = try ClientTLS(
                settings, host: "127.0.0.1", applicationProtocols: words == nil ? ["h2"] : ["h2", "http/1.1"])
            let client = try client(port: server.port, tls: tls)
            if let words {
                let error = try await failure(client, request(client))
                #expect(error.isRetryable)
                #expect(error.message.contains(words), "\(error.message)")
            } else {
                _ = try await client.send(request(client)).get()
            }
            try await client.shutDown().get()
        }
        let context = try ClientTLSTests.serverContext(TestCertificates.named, key: TestCertificates.namedKey)
        let server = try await ScriptedGRPCServer(tls: context) { _ in ScriptedGRPCServer.Step.ok }
        let client = try client(
            port: server.port, tls: try ClientTLS(settings, host: "127.0.0.1", applicationProtocols: ["h2"]))
        let error = try await failure(client, request(client))
        #expect(error.isRetryable)
        #expect(error.message.contains("TLS handshake failed"), "\(error.message)")
        try await client.shutDown().get()
    }

    @Test("shutting down lets the call under way finish and refuses the next")
    func shutDown() async throws {
        let server = try await ScriptedGRPCServer { _ in ScriptedGRPCServer.Step.ok }
        let client = try client(port: server.port)
        let answer = client.send(try request(client))
        try await client.shutDown().get()
        _ = try await answer.get()
        let error = try await failure(client, request(client))
        #expect(error.isRetryable)
        #expect(error.message.contains("shut down"))
    }

    @Test(
        "metadata that cannot be sent is refused with its name",
        arguments: ["te", "grpc-timeout", ":path", "a b", "Host"])
    func badMetadata(name: String) throws {
        let endpoint = try OTLPEndpoint.grpc("h:1")
        let error = #expect(throws: RequestHead.InvalidHeader.self) {
            try GRPCRequestHead(endpoint: endpoint, usesTLS: false, method: "/", userAgent: "", metadata: [(name, "v")])
        }
        #expect(error?.name == name)
    }
}
