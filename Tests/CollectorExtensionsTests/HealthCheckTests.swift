import CollectorCore
import CollectorExtensions
import CollectorTestKit
import NIOPosix
import Testing

@Suite struct HealthCheckTests {
    private let test = TestContext()
    private let status = ServiceStatus()

    private func context(_ id: ComponentID) -> ComponentContext {
        let plain = test.context(id)
        return ComponentContext(
            id: id, log: plain.log, clock: plain.clock, budget: plain.budget, telemetry: plain.telemetry,
            account: plain.account, verdicts: plain.verdicts, exemplars: plain.exemplars, shared: plain.shared,
            eventLoops: plain.eventLoops, workers: plain.workers, build: plain.build, status: status)
    }

    /// A started check and its port.
    private func start(_ section: TestConfig) async throws -> (check: any Component, port: Int) {
        let factory = HealthCheckFactory()
        let (config, problems) = factory.read(section)
        try #require(problems.isEmpty)
        let check = try factory.make(config, context(ComponentID(type: "health_check")))
        try await check.start()
        return (check, try #require(test.log.port(after: "health on")))
    }

    @Test func `it says no while the service starts, yes while it takes data, no while it stops`() async throws {
        let (check, port) = try await start(["endpoint": "127.0.0.1:0"])
        var answer = try await rawRequest(port: port, "GET", "/")
        #expect(answer.hasPrefix("HTTP/1.1 503") && answer.contains(#""status":"Server not available""#))
        status.phase = .ready
        test.clock.advance(by: .seconds(61))
        answer = try await rawRequest(port: port, "GET", "/")
        #expect(answer.hasPrefix("HTTP/1.1 200"))
        #expect(answer.hasSuffix(#"{"status":"Server available","uptime":"61s"}"#))
        status.phase = .stopping
        #expect(try await rawRequest(port: port, "GET", "/").hasPrefix("HTTP/1.1 503"))
        await check.shutdown(deadline: 0)
        await check.shutdown(deadline: 0)
        await #expect(throws: (any Error).self) { try await rawRequest(port: port, "GET", "/") }
    }

    @Test func `path and answers are as configured, other paths and methods are told what is right`() async throws {
        let (check, port) = try await start([
            "endpoint": "127.0.0.1:0", "path": "/live", "response_body": ["healthy": "fine", "unhealthy": "wait"],
        ])
        #expect(try await rawRequest(port: port, "GET", "/live").hasSuffix("wait"))
        status.phase = .ready
        #expect(try await rawRequest(port: port, "GET", "/live?verbose").hasSuffix("fine"))
        let elsewhere = try await rawRequest(port: port, "GET", "/")
        #expect(elsewhere.hasPrefix("HTTP/1.1 404") && elsewhere.contains("/live"))
        let post = try await rawRequest(port: port, "POST", "/live")
        #expect(post.hasPrefix("HTTP/1.1 405") && post.lowercased().contains("allow: get, head"))
        await check.shutdown(deadline: 0)
    }

    @Test func `a shutdown needs no start`() async throws {
        let factory = HealthCheckFactory()
        let check = try factory.make(factory.read(nil).config, context(ComponentID(type: "health_check")))
        await check.shutdown(deadline: 0)
        #expect(test.log.lines.isEmpty)
    }

    @Test(
        arguments: [
            (["endpoint": "localhost"], "no port"), (["path": "live"], "must begin with `/`"),
            (["endpont": "localhost:1"], "did you mean `endpoint`"), (["tls": ["cert_file": "a"]], "not supported"),
            (["response_body": ["healty": "x"]], "did you mean `healthy`"),
        ] as [(TestConfig, String)])
    func `mistakes say what would be right`(_ section: TestConfig, _ hint: String) {
        let problems = HealthCheckFactory().read(section).problems
        #expect(problems.count == 1)
        #expect(problems.first?.contains(hint) == true, "\(problems)")
    }
}
