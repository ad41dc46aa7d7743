import CollectorCore
import NIOCore
import NIOEmbedded
import Synchronization
import Testing

@testable import CollectorTransport

/// Hands out the pieces it was given.
private final class TestSource: HTTPBodySource {
    private let pieces: Mutex<[HTTPBodyPiece]>

    init(_ pieces: HTTPBodyPiece...) { self.pieces = Mutex(pieces) }

    var left: Int { pieces.withLock { $0.count } }

    func next() -> HTTPBodyPiece {
        pieces.withLock { $0.isEmpty ? .failed : $0.removeFirst() }
    }
}

extension HTTPBodyPiece {
    fileprivate static func part(_ text: String) -> HTTPBodyPiece { .part(ByteBuffer(string: text)) }
    fileprivate static func end(_ text: String) -> HTTPBodyPiece { .end(ByteBuffer(string: text)) }
}

@Suite("HTTP answers that are made while they are sent")
struct ServerHTTPStreamingTests {
    private let answer = HTTPAnswer(status: 200, body: ByteBuffer(string: "one"))

    /// A connection whose request waits for its answer.
    private func connection(
        _ request: String = "GET /metrics HTTP/1.1", settings: HTTPServerSettings = HTTPServerSettings(),
        workers: any WorkerPool = ImmediateWorkers()
    ) throws -> (connection: HTTPTestConnection, responder: HTTPResponder) {
        let connection = try HTTPTestConnection(
            HTTPTestService(reply: .later), settings: settings, workers: workers)
        connection.read("\(request)\r\nhost: x\r\n\r\n")
        return (connection, try #require(connection.service.takePending().first))
    }

    @Test("the pieces are chunks, and the connection stays")
    func chunks() throws {
        let (connection, responder) = try connection()
        responder.answer(answer, rest: TestSource(.part("twelve bytes"), .end("end")))
        #expect(
            try connection.written() == "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
                + "3\r\none\r\nc\r\ntwelve bytes\r\n3\r\nend\r\n0\r\n\r\n")
        connection.read("GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n")
        for responder in connection.service.takePending() { responder.answer(.text(200, "next")) }
        #expect(try connection.written().hasSuffix("next"))
        #expect(connection.isOpen)
    }

    @Test("an empty end adds no chunk, and an empty answer has none at all")
    func emptyPieces() throws {
        var (connection, responder) = try connection()
        responder.answer(answer, rest: TestSource(.end("")))
        #expect(try connection.written().hasSuffix("\r\n\r\n3\r\none\r\n0\r\n\r\n"))
        (connection, responder) = try self.connection()
        responder.answer(HTTPAnswer(status: 200), rest: TestSource(.end("")))
        #expect(try connection.written().hasSuffix("chunked\r\n\r\n0\r\n\r\n"))
    }

    @Test("to HTTP/1.0 the body ends with the connection")
    func bare() throws {
        let (connection, responder) = try connection("GET /metrics HTTP/1.0\r\nconnection: keep-alive")
        responder.answer(answer, rest: TestSource(.part("two"), .end("three")))
        #expect(try connection.written() == "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nonetwothree")
        #expect(!connection.isOpen)
    }

    @Test("an answer to HEAD has no body and makes none")
    func head() throws {
        let (connection, responder) = try connection("HEAD /metrics HTTP/1.1")
        let source = TestSource(.end("two"))
        responder.answer(answer, rest: source)
        #expect(try connection.written() == "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        #expect(source.left == 1)
        connection.read("HEAD /metrics HTTP/1.1\r\nhost: x\r\n\r\n")
        #expect(connection.service.takePending().count == 1)
    }

    @Test("a client that takes too long for a piece, or for the rest, is let go of")
    func writeTimeout() throws {
        var settings = HTTPServerSettings()
        settings.idleTimeout = .seconds(300)
        settings.writeTimeout = .seconds(5)
        let (stalled, first) = try connection(settings: settings)
        stalled.channel.isWritable = false
        first.answer(answer, rest: TestSource(.end("two")))
        stalled.channel.embeddedEventLoop.advanceTime(by: .seconds(4))
        #expect(stalled.isOpen)
        stalled.channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        #expect(!stalled.isOpen)
    }

    @Test("what belongs to an answer is kept until all of it has left")
    func kept() throws {
        final class Kept: Sendable {}
        for rest in [nil, TestSource(.end("two"))] {
            let (connection, responder) = try connection()
            var kept: Kept? = Kept()
            weak let watched = kept
            responder.answer(answer, rest: rest, keeping: kept)
            kept = nil
            #expect(try connection.written().hasSuffix(rest == nil ? "one" : "two\r\n0\r\n\r\n"))
            #expect(watched == nil && connection.isOpen)
        }
        let (stalled, responder) = try connection()
        var kept: Kept? = Kept()
        weak let watched = kept
        stalled.channel.isWritable = false
        responder.answer(answer, rest: TestSource(.end("two")), keeping: kept)
        kept = nil
        #expect(watched != nil)
        responder.closeConnection()
        stalled.channel.embeddedEventLoop.run()
        #expect(watched == nil && !stalled.isOpen)
    }

    @Test("nothing is made while the client does not take what there is, and not for ever")
    func slowClient() throws {
        var settings = HTTPServerSettings()
        settings.idleTimeout = .seconds(30)
        let (connection, responder) = try connection(settings: settings)
        let source = TestSource(.part("two"), .part("three"), .end("four"))
        connection.channel.isWritable = false
        responder.answer(answer, rest: source)
        #expect(try connection.written().hasSuffix("one"))
        #expect(source.left == 3)
        connection.channel.embeddedEventLoop.advanceTime(by: .seconds(29))
        connection.channel.isWritable = true
        connection.channel.pipeline.fireChannelWritabilityChanged()
        connection.channel.embeddedEventLoop.advanceTime(by: .seconds(2))
        #expect(try connection.written().hasSuffix("four\r\n0\r\n\r\n"))
        #expect(connection.isOpen)

        let (stalled, second) = try self.connection(settings: settings)
        stalled.channel.isWritable = false
        second.answer(answer, rest: TestSource(.end("two")))
        stalled.channel.embeddedEventLoop.advanceTime(by: .seconds(30))
        #expect(!stalled.isOpen)
    }

    @Test("while a piece is made no time runs out and no second one is asked for")
    func slowSource() throws {
        let workers = ManualWorkers()
        let (connection, responder) = try connection(workers: workers)
        responder.answer(answer, rest: TestSource(.part("two"), .end("three")))
        connection.channel.embeddedEventLoop.advanceTime(by: .seconds(1000))
        connection.channel.pipeline.fireChannelWritabilityChanged()
        #expect(workers.count == 1)
        workers.runAll()
        #expect(try connection.written().hasSuffix("3\r\ntwo"))
        #expect(workers.count == 1)
        workers.runAll()
        #expect(try connection.written().hasSuffix("three\r\n0\r\n\r\n"))
        #expect(workers.count == 0)
    }

    @Test("a body that breaks off closes the connection without an end")
    func failure() throws {
        let (connection, responder) = try connection()
        responder.answer(answer, rest: TestSource(.part("two"), .failed))
        #expect(try connection.written().hasSuffix("3\r\ntwo"))
        #expect(!connection.isOpen)
    }

    @Test("for a client that has gone nothing is made any more")
    func goneClient() throws {
        let workers = ManualWorkers()
        let (connection, responder) = try connection(workers: workers)
        let source = TestSource(.part("two"), .end("three"))
        responder.answer(answer, rest: source)
        _ = try connection.written()
        try connection.channel.close().wait()
        workers.runAll()
        connection.channel.embeddedEventLoop.run()
        #expect(source.left == 1)
        #expect(workers.count == 0)
    }

    @Test("requests behind a long answer wait for its end, and a closed input ends the connection after it")
    func pipelining() throws {
        let workers = ManualWorkers()
        let (connection, responder) = try connection(workers: workers)
        responder.answer(answer, rest: TestSource(.end("two")))
        connection.read("GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n")
        connection.readEnd()
        #expect(connection.service.takePending().isEmpty)
        workers.runAll()
        #expect(try connection.written().hasSuffix("two\r\n0\r\n\r\n"))
        for responder in connection.service.takePending() { responder.answer(.text(200, "next")) }
        #expect(try connection.written().hasSuffix("next"))
        #expect(!connection.isOpen)
    }
}
