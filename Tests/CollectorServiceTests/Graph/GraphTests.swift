import CollectorCore
import CollectorTestKit
import Testing

@testable import CollectorService

@Suite struct GraphTests {
    private let factories = TracedFactories()
    private let environment = ServiceEnvironment.test()

    private func graph(_ yaml: String) throws -> Graph {
        let (blueprint, problems) = blueprint(yaml, factories)
        try #require(problems == [])
        return try Graph(try #require(blueprint), environment)
    }

    private let chain = """
        receivers: {in: }
        processors: {pass/1: , pass/2: }
        exporters: {out: }
        extensions: {ext: }
        service: {extensions: [ext], pipelines: {traces: {receivers: [in], processors: [pass/1, pass/2], exporters: [out]}}}
        """

    @Test func `starts go downstream first and stops upstream first`() async throws {
        let graph = try graph(chain)
        #expect(
            factories.events.of("make")
                == [
                    "exporter out traces", "processor pass/2 traces", "processor pass/1 traces", "receiver in",
                    "extension ext",
                ])
        try await graph.start()
        #expect(
            factories.events.of("start")
                == [
                    "extension ext", "exporter out traces", "processor pass/2 traces", "processor pass/1 traces",
                    "receiver in",
                ])
        await graph.shutdown(receiversUntil: 4, until: 8)
        // Before receivers wait for the calls they have under way.
        #expect(
            factories.events.of("prepare") == ["processor pass/1 traces after 0", "processor pass/2 traces after 0"])
        #expect(
            factories.events.of("stop")
                == [
                    "receiver in 4", "processor pass/1 traces 8", "processor pass/2 traces 8", "exporter out traces 8",
                    "extension ext 8",
                ])
    }

    @Test func `what comes in passes the processors to the exporter, with balanced books`() throws {
        _ = try graph(chain)
        let head = try #require(factories.head("in"))
        _ = try head.consume(.numbered(1...3))
        #expect(factories.sink("out").itemCount == 3)
        let books = environment.ledger.statements()
        #expect(books.map(\.branch) == ["pipeline traces", "exporter out"])
        #expect(books.map(\.received) == [3, 3] && books.map(\.forwarded) == [3, 3])
        #expect(books.map(\.residual) == [0, 0])
    }

    @Test func `pipelines share exporters and receivers by id and signal`() throws {
        _ = try graph(
            """
            receivers: {in: , in/other: }
            exporters: {out: }
            service:
              pipelines:
                traces/a: {receivers: [in], exporters: [out]}
                traces/b: {receivers: [in, in/other], exporters: [out]}
                logs: {receivers: [in], exporters: [out]}
            """)
        #expect(
            factories.events.of("make")
                == ["exporter out traces", "exporter out logs", "receiver in", "receiver in/other"])
        // Both traces pipelines get what the shared receiver takes.
        _ = try #require(factories.head("in")).consume(.numbered(1...2))
        #expect(factories.sink("out").itemCount == 4)
        _ = try #require(factories.head("in/other")).consume(.numbered(3...3))
        #expect(factories.sink("out").itemCount == 5)
        #expect(factories.head("in", .logs) != nil && factories.head("in/other", .logs) == nil)
        let exporter = environment.ledger.statements().first { $0.branch == "exporter out" && $0.signal == .traces }
        #expect(exporter?.received == 5 && exporter?.residual == 0)
    }

    @Test func `with several exporters the pipeline forwards each item once`() throws {
        _ = try graph(
            """
            receivers: {in: }
            exporters: {out/a: , out/b: }
            service: {pipelines: {traces: {receivers: [in], exporters: [out/a, out/b]}}}
            """)
        let head = try #require(factories.head("in"))
        _ = try head.consume(.numbered(1...3))
        let books = environment.ledger.statements()
        #expect(books.map(\.received) == [3, 3, 3] && books.map(\.forwarded) == [3, 3, 3])
        factories.sink("out/b").failNext(.retryable("full"))
        #expect(throws: DeliveryError.self) { try head.consume(.numbered(4...4)) }
        #expect(factories.sink("out/a").itemCount == 3)
        #expect(environment.ledger.statements().map(\.residual) == [0, 0, 0])
        #expect(environment.ledger.statements().map(\.refused) == [1, 0, 0])
    }

    @Test func `a component that cannot start keeps those upstream from starting`() async throws {
        let graph = try graph(
            """
            receivers: {in: }
            processors: {pass/broken: }
            exporters: {out: }
            service: {pipelines: {traces: {receivers: [in], processors: [pass/broken], exporters: [out]}}}
            """)
        let error = await #expect(throws: ComponentError.self) { try await graph.start() }
        #expect(error?.description == "processor pass/broken traces cannot start")
        #expect(factories.events.of("start") == ["exporter out traces", "processor pass/broken traces"])
    }
}
