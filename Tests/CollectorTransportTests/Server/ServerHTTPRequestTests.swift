import CollectorCore
import NIOCore
import NIOEmbedded
import Testing

@testable import CollectorTransport

@Suite struct ServerHTTPRequestTests {
    private func answer(_ status: String, _ body: String, _ headers: String...) -> String {
        "HTTP/1.1 \(status)\r\ncontent-type: text/plain; charset=utf-8\r\n" + headers.map { "\($0)\r\n" }.joined()
            + "content-length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    @Test func `a request is answered the same however reads cut it`() throws {
        let chunked = ByteBuffer(
            string: "POST /v1/traces HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"
                + "3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n")
        for size in [1, 2, 3, 5, 10, 1000] {
            let connection = try HTTPTestConnection()
            for request in [connection.post("abcdefg"), chunked] {
                for piece in request.pieces(of: size) { connection.read(piece) }
                #expect(try connection.written() == answer("200 OK", "7"))
            }
            #expect(connection.service.bodies == ["abcdefg", "abcdefg"])
            #expect(connection.isOpen)
        }
    }

    @Test func `pipelined requests are answered in order within one read`() throws {
        let connection = try HTTPTestConnection()
        var requests = ByteBuffer()
        for index in 1...5 { requests.writeImmutableBuffer(connection.post(String(repeating: "x", count: index))) }
        connection.read(requests)
        #expect(try connection.written() == (1...5).map { answer("200 OK", "\($0)") }.joined())
    }

    @Test func `a pipelined request waits for the answer before it`() throws {
        let connection = try HTTPTestConnection(HTTPTestService(reply: .later))
        var requests = connection.post("first")
        requests.writeImmutableBuffer(connection.post("second"))
        connection.read(requests)
        #expect(connection.service.bodies == ["first"])
        for responder in connection.service.takePending() { responder.answer(.text(200, "1")) }
        #expect(connection.service.bodies == ["first", "second"])
        for responder in connection.service.takePending() { responder.answer(.text(200, "2")) }
        #expect(try connection.written() == answer("200 OK", "1") + answer("200 OK", "2"))
    }

    @Test func `the first of several answers counts, a dropped responder answers 500`() throws {
        let later = try HTTPTestConnection(HTTPTestService(reply: .later))
        later.read(later.post("x"))
        let responder = try #require(later.service.takePending().first)
        responder.answer(.text(200, "one"))
        responder.answer(.text(200, "two"))
        #expect(try later.written() == answer("200 OK", "one"))

        let never = try HTTPTestConnection(HTTPTestService(reply: .never))
        never.read(never.post("x"))
        #expect(try never.statuses() == [500])
        never.read(never.post("y"))
        #expect(try never.statuses() == [500])
    }

    @Test func `wrong method and unknown path keep the connection (conformance 40)`() throws {
        let connection = try HTTPTestConnection()
        connection.read("GET /v1/traces HTTP/1.1\r\nhost: x\r\n\r\n")
        #expect(try connection.written().contains("allow: POST"))
        connection.read(connection.post(noise(100_000), path: "/v1/nothing"))
        #expect(try connection.statuses() == [404])
        connection.read(connection.post("x"))
        #expect(try connection.statuses() == [200])
        #expect(connection.isOpen)
        #expect(connection.service.bodies == ["x"])
    }

    @Test func `HEAD gets the head only`() throws {
        let connection = try HTTPTestConnection()
        connection.read("HEAD /metrics HTTP/1.1\r\nhost: x\r\n\r\n")
        let head = try connection.written()
        #expect(head.contains("content-length: 1\r\n"))
        #expect(head.hasSuffix("\r\n\r\n"))
    }

    @Test func `HTTP 1_0 closes unless asked to stay`() throws {
        let closing = try HTTPTestConnection()
        closing.read("GET /metrics HTTP/1.0\r\n\r\n")
        #expect(try closing.written().contains("connection: close"))
        #expect(!closing.isOpen)

        let staying = try HTTPTestConnection()
        staying.read("GET /metrics HTTP/1.0\r\nconnection: keep-alive\r\n\r\n")
        #expect(try staying.written().contains("connection: keep-alive"))
        #expect(staying.isOpen)
    }

    @Test func `100-continue is sent once the request is admitted`() throws {
        let connection = try HTTPTestConnection()
        let request = connection.post("body", "expect: 100-continue")
        connection.read(try #require(request.getSlice(at: 0, length: request.readableBytes - 4)))
        #expect(try connection.written() == "HTTP/1.1 100 Continue\r\n\r\n")
        connection.read("body")
        #expect(try connection.written() == answer("200 OK", "4"))
        #expect(connection.isOpen)
    }

    @Test func `a refused expectation gets the answer instead, and the connection closes`() throws {
        for request in [
            "POST /nothing HTTP/1.1\r\ncontent-length: 9\r\nexpect: 100-continue\r\n\r\n",
            "POST /v1/traces HTTP/1.1\r\ncontent-length: 999999999\r\nexpect: 100-continue\r\n\r\n",
        ] {
            let connection = try HTTPTestConnection()
            connection.read(request)
            let text = try connection.written()
            #expect(!text.contains("100 Continue"))
            #expect(text.contains("connection: close"))
            connection.readEnd()
            #expect(!connection.isOpen)
        }
    }

    @Test func `gzip and deflate bodies arrive inflated, identity as it is`() throws {
        let connection = try HTTPTestConnection()
        let packed = try #require(Deflater.gzip([ByteBuffer(string: "telemetry")]))
        connection.read(connection.post(packed, ["content-encoding: GZIP"]))
        connection.read(connection.post("plain", "content-encoding: identity"))
        #expect(connection.service.bodies == ["telemetry", "plain"])
        #expect(connection.service.calls.map(\.gzipped) == [packed, nil])
        #expect(try connection.statuses() == [200, 200])
    }

    @Test func `an unsupported encoding is 415 and says what is supported (conformance 38)`() throws {
        let connection = try HTTPTestConnection()
        connection.read(connection.post("x", "content-encoding: br"))
        let text = try connection.written()
        #expect(text.hasPrefix("HTTP/1.1 415 "))
        #expect(text.contains("accept-encoding: gzip, deflate\r\n"))
        connection.read(connection.post("next"))
        #expect(connection.service.bodies == ["next"])
    }

    @Test func `a body that is not gzip is 400 and the next request is served (conformance 38)`() throws {
        let connection = try HTTPTestConnection()
        connection.read(connection.post("not gzip at all", "content-encoding: gzip"))
        #expect(try connection.statuses() == [400])
        connection.read(connection.post("next"))
        #expect(try connection.statuses() == [200])
    }

    @Test func `limits hold for declared, chunked and inflated sizes (conformance 36)`() throws {
        let service = HTTPTestService(limits: CallLimits(wireBytes: 1000, bodyBytes: 2000))
        let packed = try #require(Deflater.gzip([ByteBuffer(repeating: 1, count: 2001)]))
        let requests: [(HTTPTestConnection) -> ByteBuffer] = [
            { $0.post(noise(1001)) },
            { _ in
                ByteBuffer(
                    string: "POST /v1/traces HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n3e9\r\n"
                        + String(repeating: "x", count: 1001) + "\r\n0\r\n\r\n")
            },
            { $0.post(packed, ["content-encoding: gzip"]) },
        ]
        for request in requests {
            let connection = try HTTPTestConnection(service)
            connection.read(request(connection))
            #expect(try connection.statuses() == [413])
            connection.read(connection.post(noise(1000)))
            #expect(try connection.statuses() == [200])
        }
        #expect(service.bodies.count == 3)
    }

    @Test func `a full budget answers retryably and holds nothing`() throws {
        let budget = ByteBudget(limit: 1000, now: { 0 })
        let connection = try HTTPTestConnection(budget: budget)
        connection.read(connection.post(noise(2000)))
        #expect(try connection.statuses() == [429])
        #expect(budget.usedBytes == 0)
        connection.read(connection.post("x"))
        #expect(try connection.statuses() == [200])
    }

    @Test func `a large compressed body waits for its worker and nothing overtakes it`() throws {
        let workers = ManualWorkers()
        let connection = try HTTPTestConnection(workers: workers)
        let content = noise(400_000)
        var requests = connection.post(
            try #require(Deflater.gzip([content], level: 1)), ["content-encoding: gzip"])
        requests.writeImmutableBuffer(connection.post("next"))
        connection.read(requests)
        #expect(connection.service.bodies.isEmpty)
        while workers.count > 0 {
            workers.runAll()
            connection.channel.embeddedEventLoop.run()
        }
        #expect(connection.service.calls.map(\.body) == [content, ByteBuffer(string: "next")])
        #expect(try connection.statuses() == [200, 200])
    }
}
