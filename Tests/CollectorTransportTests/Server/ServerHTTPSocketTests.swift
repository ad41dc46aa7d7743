import CollectorCore
import NIOCore
import NIOPosix
import Testing

@testable import CollectorTransport

@Suite struct ServerHTTPSocketTests {
    private func withServer(
        _ service: HTTPTestService = HTTPTestService(), settings: HTTPServerSettings = HTTPServerSettings(),
        budget: ByteBudget = .unlimited(), _ body: (HTTPServer) async throws -> Void
    ) async throws {
        let server = try await HTTPServer.start(
            endpoint: "127.0.0.1:0", service: service, settings: settings, budget: budget, workers: PoolWorkers(),
            group: MultiThreadedEventLoopGroup.singleton)
        do {
            try await body(server)
            await server.shutdown(within: .seconds(5))
        } catch {
            await server.shutdown(within: .zero)
            throw error
        }
        #expect(server.connectionCount == 0)
    }

    private func post(_ body: ByteBuffer, _ headers: String = "") -> ByteBuffer {
        var request = ByteBuffer(
            string: "POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-length: \(body.readableBytes)\r\n\(headers)\r\n")
        request.writeImmutableBuffer(body)
        return request
    }

    private func answers(in text: String) -> Int { text.components(of: "HTTP/1.1 200 OK") }

    @Test func `a hundred pipelined requests are answered in order`() async throws {
        let service = HTTPTestService()
        try await withServer(service) { server in
            let client = try RawClient(port: server.port)
            var requests = ByteBuffer()
            for index in 1...100 { requests.writeImmutableBuffer(post(noise(index * 10))) }
            client.send(requests)
            let text = try await client.receiveText { answers(in: $0) == 100 && $0.hasSuffix("1000") }
            #expect(answers(in: text) == 100)
            #expect(service.calls.map { $0.body.readableBytes } == (1...100).map { $0 * 10 })
        }
    }

    @Test func `large bodies arrive whole, plain, chunked and compressed`() async throws {
        let budget = ByteBudget.unlimited()
        let service = HTTPTestService()
        let content = noise(2_000_000)
        try await withServer(service, budget: budget) { server in
            let client = try RawClient(port: server.port)
            client.send(post(content))
            _ = try await client.receiveText { $0.hasSuffix("2000000") }
            client.send("POST /v1/traces HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n")
            for piece in content.pieces(of: 100_000) {
                client.send("\(String(piece.readableBytes, radix: 16))\r\n")
                client.send(piece)
                client.send("\r\n")
            }
            client.send("0\r\n\r\n")
            _ = try await client.receiveText { $0.hasSuffix("2000000") }
            client.send(post(try #require(Deflater.gzip([content], level: 1)), "content-encoding: gzip\r\n"))
            _ = try await client.receiveText { $0.hasSuffix("2000000") }
        }
        #expect(service.calls.map(\.body) == [content, content, content])
        #expect(budget.usedBytes >= 6_000_000)
        #expect(budget.usedBytes < 12_000_000)
        service.forgetCalls()
        #expect(await eventually { budget.usedBytes == 0 })
    }

    @Test func `a half-closed client gets its answer`() async throws {
        try await withServer { server in
            let client = try RawClient(port: server.port)
            client.send(post(noise(10)))
            client.closeOutput()
            #expect(try await client.receiveToEnd().hasSuffix("\r\n\r\n10"))
        }
    }

    @Test func `a client that sends on after 413 sees the answer, not a reset`() async throws {
        let service = HTTPTestService(limits: CallLimits(bytes: 1000))
        try await withServer(service) { server in
            let client = try RawClient(port: server.port)
            client.send("POST /v1/traces HTTP/1.1\r\ncontent-length: 8000000\r\n\r\n")
            #expect(client.send(ByteBuffer(repeating: 1, count: 8_000_000)))
            client.closeOutput()
            #expect(try await client.receiveToEnd().hasPrefix("HTTP/1.1 413 "))
        }
        #expect(service.bodies.isEmpty)
    }

    @Test func `a bomb is refused before its end and the server goes on`() async throws {
        let budget = ByteBudget(limit: 8 << 20, now: { 0 })
        let service = HTTPTestService(limits: CallLimits(wireBytes: 64 << 20, bodyBytes: 2 << 20))
        let bomb = bomb(megabytes: 600)
        try await withServer(service, budget: budget) { server in
            let client = try RawClient(port: server.port)
            client.send(
                "POST /v1/traces HTTP/1.1\r\ntransfer-encoding: chunked\r\ncontent-encoding: gzip\r\n\r\n80000\r\n")
            client.send(try #require(bomb.getSlice(at: 0, length: 0x80000)))
            // The chunk ends, the body does not: the answer cannot be waiting for its end.
            client.send("\r\n")
            #expect(try await client.receiveText { $0.contains("decompression") }.hasPrefix("HTTP/1.1 413 "))
            client.send("0\r\n\r\n")
            client.send(post(ByteBuffer(string: "good")))
            #expect(try await client.receiveText { $0.hasSuffix("\r\n\r\n4") }.hasPrefix("HTTP/1.1 200 "))
        }
        #expect(service.bodies == ["good"])
    }

    @Test func `connections over the limit are closed at once`() async throws {
        var settings = HTTPServerSettings()
        settings.connectionLimit = 1
        try await withServer(settings: settings) { server in
            let first = try RawClient(port: server.port)
            first.send(post(noise(3)))
            #expect(try await first.receiveText { $0.hasSuffix("3") }.hasPrefix("HTTP/1.1 200 "))
            let second = try RawClient(port: server.port)
            #expect(try await second.receiveToEnd() == "")
            first.send(post(noise(4)))
            #expect(try await first.receiveText { $0.hasSuffix("4") }.hasPrefix("HTTP/1.1 200 "))
        }
    }

    @Test func `trickled headers end with 408 on a real clock`() async throws {
        var settings = HTTPServerSettings()
        settings.headerTimeout = .milliseconds(50)
        try await withServer(settings: settings) { server in
            let client = try RawClient(port: server.port)
            client.send("POST /v1/tr")
            #expect(try await client.receiveToEnd().hasPrefix("HTTP/1.1 408 "))
        }
    }

    @Test func `shutdown answers what is under way and closes what never ends`() async throws {
        let service = HTTPTestService(reply: .later)
        let server = try await HTTPServer.start(
            endpoint: "localhost:0", service: service, budget: .unlimited(), workers: PoolWorkers(),
            group: MultiThreadedEventLoopGroup.singleton)
        let answered = try RawClient(port: server.port)
        let stuck = try RawClient(port: server.port)
        answered.send(post(noise(1)))
        stuck.send("POST /v1/traces HTTP/1.1\r\nexpect: 100-continue\r\ncontent-length: 5\r\n\r\n")
        #expect(try await stuck.receiveText { $0.hasSuffix("\r\n\r\n") } == "HTTP/1.1 100 Continue\r\n\r\n")
        #expect(await eventually { !service.bodies.isEmpty })
        let responders = service.takePending()
        async let shutdown: Void = server.shutdown(within: .milliseconds(200))
        for responder in responders { responder.answer(.text(200, "done")) }
        #expect(try await answered.receiveToEnd().hasSuffix("done"))
        await shutdown
        #expect(try await stuck.receiveToEnd() == "")
        #expect(server.connectionCount == 0)
        #expect(throws: Unexpected.self) { try RawClient(port: server.port) }
    }

    @Test func `localhost listens on one port of both families, a taken port says what to do`() async throws {
        try await withServer { server in
            let error = await #expect(throws: Listener.BindError.self) {
                try await HTTPServer.start(
                    endpoint: "127.0.0.1:\(server.port)", service: HTTPTestService(), budget: .unlimited(),
                    workers: PoolWorkers(), group: MultiThreadedEventLoopGroup.singleton)
            }
            #expect(
                error?.description == "cannot listen on 127.0.0.1:\(server.port): another process listens there; "
                    + "stop it or change the endpoint")
        }
        let both = try await HTTPServer.start(
            endpoint: "localhost:0", service: HTTPTestService(), budget: .unlimited(), workers: PoolWorkers(),
            group: MultiThreadedEventLoopGroup.singleton)
        #expect(Set(both.addresses.map(\.port)) == [both.port])
        #expect(both.addresses.first?.ipAddress == "127.0.0.1")
        #expect(both.addresses.dropFirst().allSatisfy { $0.ipAddress == "::1" })
        await both.shutdown(within: .seconds(1))
    }
}

extension String {
    /// How often `part` occurs.
    fileprivate func components(of part: String) -> Int {
        var count = 0
        var rest = self[...]
        while let range = rest.firstRange(of: part) {
            count += 1
            rest = rest[range.upperBound...]
        }
        return count
    }
}
