import CollectorConnectors
import CollectorCore
import CollectorTestKit
import OTLPWire
import Testing

/// A `service_graph` connector and what it told.
struct ServiceGraphFixture {
    let context: TestContext
    let sink = RecordingConsumer()
    let connector: any ConsumingComponent

    init(_ section: TestConfig = [:], budgetBytes: Int = 1 << 30) async throws {
        context = TestContext(budgetBytes: budgetBytes)
        let (config, problems) = ServiceGraphFactory().read(section)
        try #require(problems == [])
        connector = try ServiceGraphFactory().make(
            config, context.context(ComponentID(type: "service_graph")), signal: .traces, next: [.metrics: sink])
        try await connector.start()
    }

    func send(_ service: String, _ spans: TestSpan..., attributes: TestAttributes = [:]) throws {
        var resource = attributes
        resource.pairs.append((key: "service.name", value: .string(service)))
        let entry = AccountedPipeline(context.account, head: connector)
        try entry.send(Batch(signal: .traces, requests: tracesRequest(resource: resource, spans)))
    }

    func wait(_ duration: Duration = .seconds(60)) { context.clock.advance(by: duration) }

    /// What the last flush told of a metric by client, server, connection type and failure.
    func edges(_ metric: String) throws -> [[String]: UInt64] {
        try sink.latest("traces_service_graph_\(metric)", by: "client", "server", "connection_type", "failed")
            .mapValues(\.count)
    }

    /// Spans that became no edge, by client and server.
    func loose(_ metric: String) throws -> [[String]: UInt64] {
        try sink.latest("traces_service_graph_\(metric)_spans_total", by: "client", "server").mapValues(\.count)
    }
}

/// A client's span of 30 ms.
func client(_ trace: UInt64, _ id: UInt64, _ change: (inout TestSpan) -> Void = { _ in }) -> TestSpan {
    var span = TestSpan(.test(trace), spanID: id, kind: .client, duration: .milliseconds(30))
    change(&span)
    return span
}

/// A server's span of 20 ms, whose id is its parent's and 1000.
func server(_ trace: UInt64, parent: UInt64, _ change: (inout TestSpan) -> Void = { _ in }) -> TestSpan {
    var span = TestSpan(.test(trace), spanID: parent + 1000, kind: .server, duration: .milliseconds(20))
    span.parentSpanID = parent
    change(&span)
    return span
}
