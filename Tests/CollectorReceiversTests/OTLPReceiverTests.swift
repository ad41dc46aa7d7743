import CollectorCore
import CollectorTestKit
import NIOCore
import NIOHTTP1
import OTLPMessages
import Testing

@testable import CollectorReceivers
@testable import CollectorTransport

@Suite struct OTLPReceiverTests {
    private let body = request(TestSpan(.test(1), spanID: 1))
    private let protobuf = "Content-Type: application/x-protobuf"

    /// A started receiver with HTTP, the port, and its pipeline.
    private func withReceiver(
        _ section: TestConfig = ["protocols": ["http": ["endpoint": "127.0.0.1:0"]]],
        _ use: (Int, RecordingConsumer) async throws -> Void
    ) async throws {
        let (test, sink, factory) = (TestContext(), RecordingConsumer(), OTLPReceiverFactory())
        let (config, problems) = factory.read(section)
        try #require(problems.isEmpty)
        let receiver = try factory.make(config, test.context(ComponentID(type: "otlp")), next: [.traces: sink])
        try await receiver.start()
        do { try await use(try #require(test.log.port(after: "OTLP/HTTP on")), sink) } catch {
            await receiver.shutdown(deadline: test.clock.now())
            throw error
        }
        await receiver.shutdown(deadline: test.clock.now() + 1_000_000_000)
        await receiver.shutdown(deadline: test.clock.now() + 1_000_000_000)
    }

    @Test func `success is 200 with an empty message of the request's encoding`() async throws {
        try await withReceiver { port, sink in
            let wire = try await rawRequest(port: port, "POST", "/v1/traces", headers: [protobuf], body: body)
            #expect(wire.hasPrefix("HTTP/1.1 200") && wire.hasSuffix("\r\n\r\n"))
            #expect(wire.lowercased().contains("content-type: application/x-protobuf"))
            let text = try json(fromWire: body.span, kind: .tracesRequest)
            let answer = try await rawRequest(
                port: port, "POST", "/v1/traces", headers: ["Content-Type: Application/JSON; charset=utf-8"], body: text
            )
            #expect(answer.hasPrefix("HTTP/1.1 200") && answer.hasSuffix("\r\n\r\n{}"))
            #expect(sink.itemCount == 2)
        }
    }

    @Test func `a mistake of the request is 400 with a Status in its encoding`() async throws {
        try await withReceiver { port, sink in
            let answer = try await rawRequest(
                port: port, "POST", "/v1/traces", headers: ["Content-Type: application/json"], body: Array("{".utf8))
            #expect(answer.hasPrefix("HTTP/1.1 400"))
            #expect(answer.contains(#""code":3"#) && answer.contains(#""message":""#))
            #expect(sink.attempts == 0)
        }
    }

    @Test func `pressure is 429 or 503, with Retry-After when the delay is known`() async throws {
        try await withReceiver { port, sink in
            sink.failNext(
                .retryable("full", after: .milliseconds(2500), code: .resourceExhausted), .retryable("away"),
                .permanent("ours", code: .internal))
            var answers: [String] = []
            for _ in 0..<3 {
                answers.append(try await rawRequest(port: port, "POST", "/v1/traces", headers: [protobuf], body: body))
            }
            #expect(answers[0].hasPrefix("HTTP/1.1 429") && answers[0].lowercased().contains("retry-after: 3\r\n"))
            #expect(answers[1].hasPrefix("HTTP/1.1 503") && !answers[1].lowercased().contains("retry-after"))
            #expect(answers[2].hasPrefix("HTTP/1.1 500"))
        }
    }

    @Test func `wrong paths, methods and types are told what is right`() async throws {
        try await withReceiver { port, _ in
            let path = try await rawRequest(port: port, "POST", "/v1/metrics", headers: [protobuf])
            #expect(path.hasPrefix("HTTP/1.1 404") && path.contains("/v1/traces"))
            let method = try await rawRequest(port: port, "GET", "/v1/traces")
            #expect(method.hasPrefix("HTTP/1.1 405") && method.lowercased().contains("allow: post"))
            let type = try await rawRequest(port: port, "POST", "/v1/traces", headers: ["Content-Type: text/plain"])
            #expect(type.hasPrefix("HTTP/1.1 415") && type.contains("application/x-protobuf"))
        }
    }

    @Test func `a body over the limit is 413, and the next one is taken`() async throws {
        try await withReceiver([
            "protocols": ["http": ["endpoint": "127.0.0.1:0", "max_request_body_size": 500, "traces_url_path": "/in"]]
        ]) { port, sink in
            let large = request(TestSpan(.test(1), spanID: 1, name: String(repeating: "x", count: 600)))
            let refused = try await rawRequest(port: port, "POST", "/in", headers: [protobuf], body: large)
            #expect(refused.hasPrefix("HTTP/1.1 413"))
            let taken = try await rawRequest(port: port, "POST", "/in", headers: [protobuf], body: body)
            #expect(taken.hasPrefix("HTTP/1.1 200"))
            #expect(sink.itemCount == 1)
        }
    }

    @Test func `gRPC calls of known services are read, others are unknown methods`() {
        let service = OTLPGRPCService(limits: CallLimits(), handler: HandlerFixture().handler)
        for name in OTLPGRPCService.serviceNames {
            guard case .read(CallLimits()) = service.admit(GRPCCallHead(path: "/\(name)/Export")) else {
                Issue.record("\(name) is not served")
                continue
            }
        }
        guard case .answer(.failure(let error, _)) = service.admit(GRPCCallHead(path: "/some.Service/Export")) else {
            Issue.record("an unknown service is served")
            return
        }
        #expect(error.code == .unimplemented)
    }

    @Test func `a receiver can be shut down without a start`() async throws {
        let (test, factory) = (TestContext(), OTLPReceiverFactory())
        let config = factory.read(["protocols": ["grpc": nil]]).config
        let receiver = try factory.make(config, test.context(ComponentID(type: "otlp")), next: [:])
        await receiver.shutdown(deadline: 0)
        #expect(test.log.lines.isEmpty)
    }

    @Test func `a port in use is an error that names it`() async throws {
        try await withReceiver { port, _ in
            let (test, factory) = (TestContext(), OTLPReceiverFactory())
            let config = factory.read(["protocols": ["http": ["endpoint": .text("127.0.0.1:\(port)")]]]).config
            let receiver = try factory.make(config, test.context(ComponentID(type: "otlp")), next: [:])
            let error = await #expect(throws: ComponentError.self) { try await receiver.start() }
            #expect(error?.description.contains("\(port)") == true)
            await receiver.shutdown(deadline: 0)
        }
    }
}
