import CollectorCore
import CollectorTestKit
import Testing

@testable import CollectorService

@Suite struct ConnectorGraphTests {
    private let factories = TracedFactories()
    private let environment = ServiceEnvironment.test()

    /// The pipeline that the connector begins stands first in the file.
    private let joined = """
        receivers: {in: }
        processors: {pass/up: , pass/down: }
        connectors: {join: }
        exporters: {out: , out/too: }
        service:
          pipelines:
            traces/down: {receivers: [join], processors: [pass/down], exporters: [out]}
            traces/up: {receivers: [in], processors: [pass/up], exporters: [join, out/too]}
        """

    private func graph(_ yaml: String) throws -> Graph {
        let (blueprint, problems) = blueprint(yaml, factories)
        try #require(problems == [])
        return try Graph(try #require(blueprint), environment)
    }

    @Test func `a connector starts after what it feeds, and stops after what feeds it`() async throws {
        let graph = try graph(joined)
        try await graph.start()
        let start = [
            "exporter out traces", "exporter out/too traces", "processor pass/down traces", "connector join traces",
            "processor pass/up traces", "receiver in",
        ]
        #expect(factories.events.of("start") == start)
        await graph.shutdown(receiversUntil: 4, until: 8)
        #expect(
            factories.events.of("stop")
                == [
                    "receiver in 4", "processor pass/up traces 8", "connector join traces 8",
                    "processor pass/down traces 8", "exporter out traces 8", "exporter out/too traces 8",
                ])
    }

    @Test func `what a connector makes is received in an account of its own, and all books balance`() throws {
        _ = try graph(joined)
        _ = try #require(factories.head("in")).consume(.numbered(1...3))
        #expect(factories.sink("out").itemCount == 3 && factories.sink("out/too").itemCount == 3)
        let books = environment.ledger.statements()
        #expect(
            Set(books.map(\.branch)) == [
                "pipeline traces/up", "connector join", "exporter out/too", "pipeline traces/down", "exporter out",
            ])
        #expect(books.allSatisfy { $0.received == 3 && $0.forwarded == 3 && $0.residual == 0 }, "\(books)")
    }

    @Test func `pipelines that end in one connector share it, and all it begins get what it makes`() throws {
        _ = try graph(
            """
            receivers: {in: , in/other: }
            connectors: {join: }
            exporters: {out/a: , out/b: }
            service:
              pipelines:
                traces/1: {receivers: [in], exporters: [join]}
                traces/2: {receivers: [in/other], exporters: [join]}
                traces/a: {receivers: [join], exporters: [out/a]}
                traces/b: {receivers: [join], exporters: [out/b]}
            """)
        #expect(factories.events.of("make").filter { $0.hasPrefix("connector") } == ["connector join traces"])
        _ = try #require(factories.head("in")).consume(.numbered(1...2))
        _ = try #require(factories.head("in/other")).consume(.numbered(3...3))
        #expect(factories.sink("out/a").itemCount == 3 && factories.sink("out/b").itemCount == 3)
    }

    @Test func `a refusal behind a connector reaches the client`() throws {
        _ = try graph(joined)
        factories.sink("out").failNext(.retryable("full"))
        let head = try #require(factories.head("in"))
        #expect(throws: DeliveryError.self) { try head.consume(.numbered(1...2)) }
        #expect(factories.sink("out/too").itemCount == 0)
        #expect(environment.ledger.statements().allSatisfy { $0.residual == 0 })
    }

    private func problems(_ pipelines: String) -> [String] {
        blueprint(
            """
            receivers: {in: }
            connectors: {join: , join/2: }
            exporters: {out: }
            service: {pipelines: {\(pipelines)}}
            """, factories
        ).1
    }

    @Test func `pipelines that feed each other in a circle are refused, with the way round`() {
        let found = problems(
            """
            traces/a: {receivers: [in, join/2], exporters: [join]},
            traces/b: {receivers: [join], exporters: [join/2, out]}
            """)
        #expect(found.count == 1)
        #expect(found.first?.contains("from pipeline `traces/a` to `traces/b` to `traces/a`") == true, "\(found)")
    }

    @Test func `a pipeline must not feed itself`() {
        let found = problems("traces: {receivers: [in, join, join/2], exporters: [join, join/2]}")
        #expect(found.contains { $0.contains("from pipeline `traces` to `traces`") }, "\(found)")
    }

    @Test func `a connector is refused where a pipeline's signal is not one it takes or makes`() {
        let found = problems(
            """
            logs: {receivers: [in], exporters: [join, join/2]},
            metrics: {receivers: [join, join/2], exporters: [out]}
            """)
        #expect(found.count == 4)
        #expect(
            found.contains { $0.contains("`join` cannot be used as an exporter in pipeline `logs`: it takes traces") })
        #expect(
            found.contains { $0.contains("`join` cannot be used as a receiver in pipeline `metrics`: it makes traces") }
        )
    }

    @Test func `a connector with one side only is refused`() {
        let found = problems("traces: {receivers: [in], exporters: [join, out]}")
        #expect(
            found.contains { $0.contains("the connector is used as an exporter but not as a receiver") }, "\(found)")
    }
}
