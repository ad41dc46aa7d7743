import CollectorCore
import CollectorTestKit
import Testing

@testable import CollectorService

@Suite struct TelemetryPagesTests {
    @Test func `metrics are where they were, whatever a scraper adds to the path`() async throws {
        let own = try await TelemetryFixture()
        own.environment.telemetry.counter("a", "A.").add(2)
        for path in ["/metrics", "/metrics?collect=all&%zz"] {
            let answer = try await own.ask(path)
            #expect(answer.status == "200")
            #expect(answer.head.contains("content-type: text/plain; version=0.0.4; charset=utf-8"))
            #expect(answer.body.contains("\na 2\n") && answer.body.contains("target_info{service_name="))
        }
        await own.stop()
    }

    @Test func `the index lists every page`() async throws {
        let own = try await TelemetryFixture()
        let answer = try await own.ask("/debug")
        #expect(answer.status == "200")
        let paths = answer.body.split(separator: "\n").compactMap { $0.split(separator: " ").first }
        #expect(paths == ["/debug", "/debug/decisions", "/debug/decisions/TRACE_ID", "/metrics"])
        await own.stop()
    }

    @Test(arguments: ["/", "/metric", "/metrics/", "/debug/", "/debug/decision", "/debug/decisionsx", "//metrics"])
    func `another path is told which there are`(_ path: String) async throws {
        let own = try await TelemetryFixture()
        let answer = try await own.ask(path)
        #expect(answer.status == "404")
        #expect(answer.body.contains("/debug, /debug/decisions, /debug/decisions/TRACE_ID, /metrics"))
        await own.stop()
    }

    @Test(arguments: ["/metrics", "/debug", "/debug/decisions", "/debug/decisions/x"], ["POST", "PUT", "DELETE"])
    func `pages are for reading`(_ path: String, _ method: String) async throws {
        let own = try await TelemetryFixture()
        let answer = try await own.ask(path, method: method)
        #expect(answer.status == "405")
        #expect(answer.head.contains("allow: get, head"))
        await own.stop()
    }

    @Test func `HEAD has no body`() async throws {
        let own = try await TelemetryFixture([.kept])
        let answer = try await own.ask("/debug/decisions/\(TraceDecision.kept.traceID)", method: "HEAD")
        #expect(answer.status == "200")
        #expect(answer.body.isEmpty)
        await own.stop()
    }
}
