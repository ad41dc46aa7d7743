import CollectorCore
import NIOCore
import NIOHPACK
import Testing

@testable import CollectorTransport

@Suite("the pieces of the gRPC client")
struct ClientGRPCStateTests {
    // MARK: Answers

    private static let start: HPACKHeaders = [":status": "200", "content-type": "application/grpc"]

    private func state(limit: Int = 1000) -> GRPCResponseState { GRPCResponseState(endpoint: "b:4317", limit: limit) }

    private func failure(_ result: Result<ByteBuffer, DeliveryError>?) -> DeliveryError? {
        if case .failure(let error) = result { error } else { nil }
    }

    @Test("headers, a message in any pieces, and OK trailers make a success")
    func success() throws {
        var state = state()
        var results = [
            state.receive([":status": "103"], endStream: false), state.receive(Self.start, endStream: false),
        ]
        var bytes = ScriptedGRPCServer.Step.message(ByteBuffer(string: "hello"))
        while let piece = bytes.readSlice(length: 1) { results.append(state.receive(piece, endStream: false)) }
        #expect(results.allSatisfy { $0 == nil })
        let result = state.receive(["grpc-status": "0"], endStream: true)
        #expect(try result?.get() == ByteBuffer(string: "hello"))
    }

    @Test("a compressed message is inflated, within the limit")
    func compressed() throws {
        for (size, isTaken) in [(1000, true), (1001, false)] {
            let body = try #require(Deflater.gzip([ByteBuffer(repeating: 0x61, count: size)]))
            var state = state()
            _ = state.receive(Self.start.merging(["grpc-encoding": "gzip"]), endStream: false)
            _ = state.receive(ScriptedGRPCServer.Step.message(body, isCompressed: true), endStream: false)
            let result = state.receive(["grpc-status": "0"], endStream: true)
            #expect((failure(result) == nil) == isTaken)
            #expect(failure(result)?.isRetryable != true)
        }
    }

    @Test("trailers-only carries a status, its message percent-decoded")
    func trailersOnly() throws {
        var state = state()
        let result = state.receive(
            Self.start.merging(["grpc-status": "3", "grpc-message": "caf%C3%A9 100%25"]), endStream: true)
        let error = try #require(failure(result))
        #expect(error.code == .invalidArgument)
        #expect(!error.isRetryable)
        #expect(error.message == "b:4317 answered INVALID_ARGUMENT: café 100%")
    }

    @Test(
        "RetryInfo in grpc-status-details-bin makes RESOURCE_EXHAUSTED retryable after its delay (conformance 76, 79)")
    func retryInfo() throws {
        let status = RPCStatus(code: .resourceExhausted, message: "full", retryAfter: .milliseconds(2500))
        let details = Base64.encode(status.encoded())
        for (trailers, isRetryable) in [
            (["grpc-status": "8", "grpc-status-details-bin": details], true), (["grpc-status": "8"], false),
            (["grpc-status": "8", "grpc-status-details-bin": "!"], false),
        ] as [(HPACKHeaders, Bool)] {
            var state = state()
            _ = state.receive(Self.start, endStream: false)
            let result = state.receive(trailers, endStream: true)
            let error = try #require(failure(result))
            #expect(error.isRetryable == isRetryable)
            #expect(error.retryAfter == (isRetryable ? .milliseconds(2500) : nil))
        }
    }

    @Test(
        "an answer that is not gRPC is judged by its HTTP status",
        arguments: [("503", true), ("502", true), ("404", false), ("401", false), ("200", false)])
    func notGRPC(status: String, isRetryable: Bool) throws {
        for endStream in [true, false] {
            var state = state()
            let result = state.receive([":status": status, "content-type": "text/html"], endStream: endStream)
            let error = try #require(failure(result))
            #expect(error.isRetryable == isRetryable)
            #expect(error.message.contains("HTTP \(status)"))
        }
    }

    @Test("a stream that ends without trailers, without a message or with garbage is permanent")
    func malformed() throws {
        let endings: [(inout GRPCResponseState) -> Result<ByteBuffer, DeliveryError>?] = [
            { $0.receive(["grpc-status": "0"], endStream: true) },
            { $0.receive(ByteBuffer(), endStream: true) },
            { $0.receive(["grpc-status": "x"], endStream: true) },
            { $0.receive(ByteBuffer(bytes: [9, 0, 0, 0, 0]), endStream: false) },
            {
                _ = $0.receive(ByteBuffer(bytes: [0, 0, 0, 0, 9, 1]), endStream: false)
                return $0.receive(["grpc-status": "0"], endStream: true)
            },
            { $0.receive(ByteBuffer(bytes: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0]), endStream: false) },
        ]
        for ending in endings {
            var state = state()
            _ = state.receive(Self.start, endStream: false)
            let result = ending(&state)
            let error = try #require(failure(result))
            #expect(!error.isRetryable)
        }
    }

    @Test("a message over the limit is permanent as soon as its prefix is there (conformance 87)")
    func tooLarge() throws {
        var state = state(limit: 10)
        _ = state.receive(Self.start, endStream: false)
        let result = state.receive(ByteBuffer(bytes: [0, 0, 0, 0, 11]), endStream: false)
        let error = try #require(failure(result))
        #expect(!error.isRetryable)
        #expect(error.message.contains("larger than 10"))
    }

    // MARK: Back-off and keepalive

    @Test("the back-off grows to two minutes, varies by a fifth and ends with success")
    func backoff() throws {
        var backoff = ConnectBackoff()
        let now = NIODeadline.uptimeNanoseconds(0)
        var waits: [Double] = []
        for _ in 0..<15 {
            backoff.failed(at: now, random: 0.5)
            waits.append(Double(try #require(backoff.notBefore).uptimeNanoseconds) / 1e9)
        }
        #expect(waits.prefix(3).elementsEqual([1, 1.6, 2.56]) { abs($0 - $1) < 1e-6 })
        #expect(waits.last == 120)
        backoff.succeeded()
        #expect(backoff.notBefore == nil)
        backoff.failed(at: now, random: 1)
        #expect(backoff.notBefore == .uptimeNanoseconds(1_200_000_000))
    }

    @Test("a quiet connection with calls is pinged, and given up without an answer")
    func keepalive() {
        let start = NIODeadline.uptimeNanoseconds(0)
        var keepalive = GRPCKeepalive(GRPCKeepaliveSettings(), now: start)
        #expect(keepalive.check(at: start, hasCalls: true) == .wait(until: start + .seconds(10)))
        keepalive.heard(at: start + .seconds(4))
        #expect(keepalive.check(at: start + .seconds(10), hasCalls: true) == .wait(until: start + .seconds(14)))
        #expect(keepalive.check(at: start + .seconds(14), hasCalls: false) == .wait(until: start + .seconds(24)))
        #expect(keepalive.check(at: start + .seconds(24), hasCalls: true) == .ping)
        #expect(keepalive.check(at: start + .seconds(24), hasCalls: true) == .wait(until: start + .seconds(34)))
        var answered = keepalive
        answered.heard(at: start + .seconds(30))
        #expect(answered.check(at: start + .seconds(34), hasCalls: true) == .wait(until: start + .seconds(40)))
        #expect(keepalive.check(at: start + .seconds(34), hasCalls: true) == .giveUp)
    }

    // MARK: Connectivity

    private final class Connection {}
    private typealias Connectivity = GRPCConnectivity<Connection, Int>
    private static let now = NIODeadline.uptimeNanoseconds(1_000_000_000_000)
    private static let failure = DeliveryError.retryable("connection refused")

    private func name(_ submission: Connectivity.Submission) -> String {
        switch submission {
        case .use: "use"
        case .connect: "connect"
        case .wait: "wait"
        case .waitUntil: "wait until"
        case .unreachable: "unreachable"
        case .refused: "refused"
        }
    }

    @Test("calls while connecting wait for the one connection")
    func connecting() {
        var connectivity = Connectivity()
        #expect(name(connectivity.submit(1, waitForReady: false, now: Self.now)) == "connect")
        #expect(name(connectivity.submit(2, waitForReady: false, now: Self.now)) == "wait")
        let waiters = connectivity.connected(Connection())
        #expect(waiters == [1, 2])
        #expect(name(connectivity.submit(3, waitForReady: false, now: Self.now)) == "use")
    }

    @Test(
        "a failed connect fails those who wait and, during the back-off, those who come, unless they wait for readiness"
    )
    func failing() {
        var connectivity = Connectivity()
        _ = connectivity.submit(1, waitForReady: false, now: Self.now)
        _ = connectivity.submit(2, waitForReady: true, now: Self.now)
        let outcome = connectivity.failedToConnect(Self.failure, now: Self.now, random: 0.5)
        #expect(outcome.failed == [1])
        #expect(outcome.retryAt == Self.now + .seconds(1))
        #expect(name(connectivity.submit(3, waitForReady: false, now: Self.now)) == "unreachable")
        #expect(name(connectivity.submit(4, waitForReady: true, now: Self.now)) == "wait until")
        let mayConnect = connectivity.mayConnect()
        #expect(mayConnect)
        let waiters = connectivity.connected(Connection())
        #expect(waiters == [2, 4])
    }

    @Test("after the back-off the next call connects again")
    func reconnects() {
        var connectivity = Connectivity()
        _ = connectivity.submit(1, waitForReady: false, now: Self.now)
        _ = connectivity.failedToConnect(Self.failure, now: Self.now, random: 0.5)
        let mayConnect = connectivity.mayConnect()
        #expect(!mayConnect)
        #expect(name(connectivity.submit(2, waitForReady: false, now: Self.now + .seconds(1))) == "connect")
    }

    @Test("a retired connection gets no more calls, the next one opens another")
    func retired() {
        var connectivity = Connectivity()
        let (old, new) = (Connection(), Connection())
        _ = connectivity.submit(1, waitForReady: false, now: Self.now)
        _ = connectivity.connected(old)
        connectivity.retired(old)
        #expect(name(connectivity.submit(2, waitForReady: false, now: Self.now)) == "connect")
        _ = connectivity.connected(new)
        connectivity.closed(old, unusable: nil, now: Self.now, random: 0)
        #expect(name(connectivity.submit(3, waitForReady: false, now: Self.now)) == "use")
    }

    @Test("a connection that never worked backs off, one that worked does not")
    func unusable() {
        for error in [Self.failure, nil] {
            var connectivity = Connectivity()
            let connection = Connection()
            _ = connectivity.submit(1, waitForReady: false, now: Self.now)
            _ = connectivity.connected(connection)
            connectivity.closed(connection, unusable: error, now: Self.now, random: 0)
            let next = name(connectivity.submit(2, waitForReady: false, now: Self.now))
            #expect(next == (error == nil ? "connect" : "unreachable"))
        }
    }

    @Test("shut down, it refuses calls, and is drained when the last connection is closed")
    func shutDown() {
        var connectivity = Connectivity()
        let connection = Connection()
        _ = connectivity.submit(1, waitForReady: false, now: Self.now)
        _ = connectivity.connected(connection)
        let outcome = connectivity.shutDown()
        #expect(outcome.connection === connection)
        #expect(name(connectivity.submit(2, waitForReady: true, now: Self.now)) == "refused")
        #expect(!connectivity.isDrained)
        connectivity.closed(connection, unusable: nil, now: Self.now, random: 0)
        #expect(connectivity.isDrained)
    }

    @Test("shut down during the back-off, those who wait for readiness give up")
    func shutDownBackingOff() {
        var connectivity = Connectivity()
        _ = connectivity.submit(1, waitForReady: true, now: Self.now)
        _ = connectivity.failedToConnect(Self.failure, now: Self.now, random: 0)
        let outcome = connectivity.shutDown()
        #expect(outcome.connection == nil)
        #expect(outcome.failed == [1])
        #expect(connectivity.isDrained)
    }
}

extension HPACKHeaders {
    fileprivate func merging(_ other: HPACKHeaders) -> HPACKHeaders {
        var headers = self
        for (name, value, _) in other { headers.add(name: name, value: value) }
        return headers
    }
}
