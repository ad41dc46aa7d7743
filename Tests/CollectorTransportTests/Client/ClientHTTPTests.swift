import CollectorCore
import NIOCore
import NIOHTTP1
import NIOPosix
import Testing

@testable import CollectorTransport

@Suite("the HTTP client")
struct ClientHTTPTests {
    private static let group = MultiThreadedEventLoopGroup.singleton

    private func client(
        _ server: ScriptedHTTPServer, configuration: HTTPClientConfiguration = HTTPClientConfiguration()
    ) throws -> HTTPClient {
        // One loop, so that connection counts are certain.
        HTTPClient(
            endpoint: try OTLPEndpoint.http("http://127.0.0.1:\(server.port)/v1/traces"), tls: nil,
            configuration: configuration, group: oneLoop)
    }

    private func request(
        _ client: HTTPClient, body: [ByteBuffer] = [ByteBuffer(string: "body")], timeout: Duration = .seconds(20)
    ) throws -> OutgoingRequest {
        let headers = [(name: "Content-Type", value: "application/x-protobuf"), (name: "User-Agent", value: "test/1")]
        return OutgoingRequest(
            head: try RequestHead(endpoint: client.endpoint, headers: headers), body: body, timeout: timeout)
    }

    private func failure(
        _ client: HTTPClient, timeout: Duration = .seconds(20)
    ) async throws -> DeliveryError? {
        do {
            _ = try await client.send(request(client, timeout: timeout)).get()
            return nil
        } catch {
            return error as? DeliveryError
        }
    }

    @Test("a page can be asked for, query and all")
    func get() async throws {
        let server = try await ScriptedHTTPServer { _ in [.answer(headers: "", body: "page")] }
        let endpoint = try OTLPEndpoint.http("http://127.0.0.1:\(server.port)/debug?a=%20")
        let client = HTTPClient(endpoint: endpoint, tls: nil, group: oneLoop)
        let head = try RequestHead(endpoint: endpoint, method: .get, headers: [("Accept", "text/plain")])
        let response = try await client.send(OutgoingRequest(head: head, body: [], timeout: .seconds(20))).get()
        #expect(String(buffer: response.body) == "page")
        #expect(
            try #require(server.requests.first).head == """
                GET /debug?a=%20 HTTP/1.1\r
                Host: 127.0.0.1:\(server.port)\r
                Accept: text/plain\r
                Content-Length: 0
                """)
    }

    @Test("the request arrives as it was put together, and the answer comes back whole")
    func roundTrip() async throws {
        let server = try await ScriptedHTTPServer { _ in [.answer(headers: "X-A: b\r\n", body: "done")] }
        let client = try client(server)
        let large = ByteBuffer(repeating: 0x61, count: 100_000)
        let pieces = [ByteBuffer(string: "one"), ByteBuffer(string: "two"), large, ByteBuffer(string: "three")]
        let response = try await client.send(request(client, body: pieces)).get()
        #expect(response.status == 200)
        #expect(response.headers.first(name: "x-a") == "b")
        #expect(String(buffer: response.body) == "done")
        let received = try #require(server.requests.first)
        #expect(
            received.head == """
                POST /v1/traces HTTP/1.1\r
                Host: 127.0.0.1:\(server.port)\r
                Content-Type: application/x-protobuf\r
                User-Agent: test/1\r
                Content-Length: 100011
                """)
        #expect(String(buffer: received.body) == "onetwo" + String(buffer: large) + "three")
        try await client.shutDown().get()
    }

    @Test("an empty body is sent with its length")
    func emptyBody() async throws {
        let server = try await ScriptedHTTPServer { _ in [.answer("204 No Content")] }
        let client = try client(server)
        #expect(try await client.send(request(client, body: [])).get().status == 204)
        #expect(server.requests.first?.head.hasSuffix("Content-Length: 0") == true)
        try await client.shutDown().get()
    }

    @Test("one connection serves request after request (conformance 92)")
    func keepAlive() async throws {
        let server = try await ScriptedHTTPServer { _ in [.answer()] }
        let client = try client(server)
        for _ in 0..<5 { _ = try await client.send(request(client)).get() }
        #expect(server.connectionCount == 1)
        #expect(server.requests.map(\.number) == [0, 1, 2, 3, 4])
        try await client.shutDown().get()
    }

    @Test("requests at the same time get connections of their own, up to the limit")
    func concurrency() async throws {
        let server = try await ScriptedHTTPServer { _ in [.answer()] }
        var configuration = HTTPClientConfiguration()
        configuration.maxConnections = 2
        let client = try client(server, configuration: configuration)
        let answers = try (0..<20).map { _ in client.send(try request(client)) }
        for answer in answers { #expect(try await answer.get().status == 200) }
        #expect(server.connectionCount == 2)
        #expect(server.requests.count == 20)
        try await client.shutDown().get()
    }

    @Test("on an event loop of the group the answer comes on that loop")
    func staysOnLoop() async throws {
        let server = try await ScriptedHTTPServer { _ in [.answer()] }
        let client = HTTPClient(
            endpoint: try OTLPEndpoint.http("http://127.0.0.1:\(server.port)"), tls: nil, group: Self.group)
        let request = try request(client)
        for eventLoop in Self.group.makeIterator() {
            let stayed = eventLoop.makePromise(of: Bool.self)
            eventLoop.execute {
                client.send(request) { _ in stayed.succeed(eventLoop.inEventLoop) }
            }
            #expect(try await stayed.futureResult.get())
        }
        try await client.shutDown().get()
    }

    @Test("interim answers are skipped")
    func interim() async throws {
        let server = try await ScriptedHTTPServer { _ in
            [
                .write("HTTP/1.1 100 Continue\r\n\r\n"), .write("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"),
                .answer(body: "ok"),
            ]
        }
        let client = try client(server)
        #expect(String(buffer: try await client.send(request(client)).get().body) == "ok")
        try await client.shutDown().get()
    }

    @Test(
        "chunked answers and answers that end with the connection are read",
        arguments: [
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabcde",
        ])
    func otherLengths(answer: String) async throws {
        let server = try await ScriptedHTTPServer { _ in
            [.write(answer)] + (answer.contains("close") ? [.close] : [])
        }
        let client = try client(server)
        #expect(String(buffer: try await client.send(request(client)).get().body) == "abcde")
        try await client.shutDown().get()
    }

    @Test("Connection: close is honoured: the next request has a new connection")
    func connectionClose() async throws {
        let server = try await ScriptedHTTPServer { _ in [.answer(headers: "Connection: close\r\n")] }
        let client = try client(server)
        for _ in 0..<3 { #expect(try await client.send(request(client)).get().status == 200) }
        #expect(server.connectionCount == 3)
        try await client.shutDown().get()
    }

    @Test(
        "a connection closed on reuse makes the client send again on a fresh one (conformance 81)",
        arguments: [true, false])
    func closedOnReuse(byReset: Bool) async throws {
        let server = try await ScriptedHTTPServer { request in
            request.number == 0 ? [.answer()] : [byReset ? .reset : .close]
        }
        let client = try client(server)
        for _ in 0..<3 { #expect(try await client.send(request(client)).get().status == 200) }
        #expect(server.connectionCount == 3)
        #expect(server.requests.count == 5)
        #expect(server.requests.allSatisfy { String(buffer: $0.body) == "body" })
        try await client.shutDown().get()
    }

    @Test("a fresh connection closed without an answer is a retryable error naming the endpoint (conformance 81)")
    func closedWithoutAnswer() async throws {
        let server = try await ScriptedHTTPServer { _ in [.close] }
        let client = try client(server)
        let error = try #require(try await failure(client))
        #expect(error.isRetryable)
        #expect(error.code == .unavailable)
        #expect(error.message == "http://127.0.0.1:\(server.port)/v1/traces: connection closed before an answer")
        #expect(server.requests.count == 1)
        try await client.shutDown().get()
    }

    @Test(
        "an answer cut short is a retryable error",
        arguments: [
            "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
            "HTTP/1.1 2",
        ])
    func cutShort(answer: String) async throws {
        let server = try await ScriptedHTTPServer { _ in [.write(answer), .close] }
        let client = try client(server)
        let error = try #require(try await failure(client))
        #expect(error.isRetryable)
        #expect(error.code == .unavailable)
        try await client.shutDown().get()
    }

    @Test("what is not HTTP is a retryable error that says so")
    func notHTTP() async throws {
        let server = try await ScriptedHTTPServer { _ in [.write("SSH-2.0-OpenSSH_9.2\r\n\r\n")] }
        let client = try client(server)
        let error = try #require(try await failure(client))
        #expect(error.isRetryable)
        #expect(error.message.contains("not HTTP/1.1"), "\(error.message)")
        try await client.shutDown().get()
    }

    @Test("no answer in time is a retryable DEADLINE_EXCEEDED, and the connection is given up (conformance 95)")
    func timeout() async throws {
        let server = try await ScriptedHTTPServer { $0.number == 1 ? [] : [.answer()] }
        let client = try client(server)
        _ = try await client.send(request(client)).get()
        let error = try #require(try await failure(client, timeout: .milliseconds(50)))
        #expect(error.isRetryable)
        #expect(error.code == .deadlineExceeded)
        #expect(error.message == "http://127.0.0.1:\(server.port)/v1/traces: no answer within 0.05 seconds")
        #expect(try await client.send(request(client)).get().status == 200)
        #expect(server.connectionCount == 2)
        try await client.shutDown().get()
    }

    @Test("a request that waits for a connection does not wait longer than its timeout")
    func waitingTimeout() async throws {
        let arrived = oneLoop.next().makePromise(of: Void.self)
        let server = try await ScriptedHTTPServer { _ in
            arrived.succeed()
            return []
        }
        var configuration = HTTPClientConfiguration()
        configuration.maxConnections = 1
        let client = try client(server, configuration: configuration)
        let held = client.send(try request(client, timeout: .seconds(600)))
        try await arrived.futureResult.get()
        let error = try #require(try await failure(client, timeout: .milliseconds(50)))
        #expect(error.code == .deadlineExceeded)
        #expect(error.message.contains("no connection within"))
        try await server.closeConnections()
        await #expect(throws: DeliveryError.self) { try await held.get() }
        try await client.shutDown().get()
    }

    @Test(
        "an answer over the limit is permanent, announced or not, and its connection is dropped (conformance 87)",
        arguments: [
            "HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7d0\r\n"
                + String(repeating: "x", count: 2000) + "\r\n0\r\n\r\n",
        ])
    func hugeAnswer(answer: String) async throws {
        let server = try await ScriptedHTTPServer { _ in [.write(answer)] }
        var configuration = HTTPClientConfiguration()
        configuration.responseLimit = 1000
        let client = try client(server, configuration: configuration)
        let error = try #require(try await failure(client))
        #expect(!error.isRetryable)
        #expect(error.message.contains("larger than"), "\(error.message)")
        try await client.shutDown().get()
    }

    @Test("a gzip'd answer is inflated, within the limit", arguments: [(900, true), (1001, false)])
    func gzippedAnswer(size: Int, isTaken: Bool) async throws {
        let plain = ByteBuffer(repeating: 0x78, count: size)
        let body = try #require(Deflater.gzip([plain]))
        let server = try await ScriptedHTTPServer { _ in
            [
                .write("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: \(body.readableBytes)\r\n\r\n"),
                .writeBytes(body),
            ]
        }
        var configuration = HTTPClientConfiguration()
        configuration.responseLimit = 1000
        let client = try client(server, configuration: configuration)
        if isTaken {
            #expect(try await client.send(request(client)).get().body == plain)
        } else {
            let error = try #require(try await failure(client))
            #expect(!error.isRetryable)
        }
        try await client.shutDown().get()
    }

    @Test("a connection refused is a retryable error naming endpoint and cause")
    func refused() async throws {
        let server = try await ScriptedHTTPServer { _ in [] }
        try await server.close()
        let client = try client(server)
        let error = try #require(try await failure(client))
        #expect(error.isRetryable)
        #expect(error.code == .unavailable)
        #expect(error.message == "http://127.0.0.1:\(server.port)/v1/traces: connection refused")
        try await client.shutDown().get()
    }

    @Test("a name that does not resolve is a retryable error that says so")
    func unresolvable() async throws {
        let client = HTTPClient(
            endpoint: try OTLPEndpoint.http("http://no-such-host.invalid"), tls: nil, group: Self.group)
        let error = try #require(try await failure(client))
        #expect(error.isRetryable)
        #expect(error.message == "http://no-such-host.invalid: cannot resolve the name \"no-such-host.invalid\"")
        try await client.shutDown().get()
    }

    @Test("shutting down lets the request under way finish and refuses the next")
    func shutDown() async throws {
        let server = try await ScriptedHTTPServer { _ in [.answer()] }
        let client = try client(server)
        let answer = client.send(try request(client))
        try await client.shutDown().get()
        #expect(try await answer.get().status == 200)
        let error = try #require(try await failure(client))
        #expect(error.isRetryable)
        #expect(error.message.contains("shut down"))
    }

    @Test(
        "headers that cannot be sent are refused with their name",
        arguments: [
            ("X-A", "b\r\nX-C: d"), ("X A", "b"), ("", "b"), ("Content-Length", "3"), ("transfer-encoding", "chunked"),
            ("X-A", "\u{0}"),
        ])
    func badHeaders(name: String, value: String) throws {
        let endpoint = try OTLPEndpoint.http("http://h")
        let error = #expect(throws: RequestHead.InvalidHeader.self) {
            try RequestHead(endpoint: endpoint, headers: [(name, value)])
        }
        #expect(error?.description.contains("\"\(name)\"") == true)
    }
}

/// A group of one event loop for the tests that count connections.
private let oneLoop = MultiThreadedEventLoopGroup(numberOfThreads: 1)
