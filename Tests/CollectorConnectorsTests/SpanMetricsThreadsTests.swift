import CollectorConnectors
import CollectorCore
import CollectorTestKit
import OTLPWire
import Testing

/// Threads read spans each by itself and add what they have seen piece by piece: meanwhile others count, points are cut, and
/// resources lose their places.
@Suite struct SpanMetricsThreadsTests {
    private static let pods = 30
    private static let rounds = 60
    /// More than fit into one piece.
    private static let spans: UInt64 = 150

    @Test(arguments: [5, 1000]) func `each span is counted once, for its own resource`(places: Int) async throws {
        let fixture = try await SpanMetricsFixture([
            "aggregation_temporality": "AGGREGATION_TEMPORALITY_DELTA",
            "resource_metrics_cache_size": .scalar("\(places)"), "dimensions": [["name": "pod"]],
        ])
        try await withThrowingTaskGroup { group in
            for worker in 0..<4 {
                group.addTask {
                    for round in 0..<Self.rounds {
                        let pod = (worker * 7 + round) % Self.pods
                        // The label says the resource once more, so that it shows where a span was counted.
                        var spans = (1...Self.spans).map { TestSpan(.test($0), spanID: $0) }
                        for position in spans.indices { spans[position].attributes = ["pod": .string("\(pod)")] }
                        try fixture.send(resource: ["service.name": "shop", "id": .string("\(pod)")], spans)
                        if round % 5 == worker { fixture.flush() }
                    }
                }
            }
            try await group.waitForAll()
        }
        fixture.flush()
        fixture.flush()
        let points = try fixture.sink.points().filter { $0.metric == "traces.span.metrics.calls" }
        #expect(points.reduce(0) { $0 + $1.count } == UInt64(4 * Self.rounds) * Self.spans)
        let told = points.filter { $0.labels["otel.metric.overflow"] == nil }
        #expect(!told.isEmpty && told.allSatisfy { $0.resource["id"] == $0.labels["pod"] })
        if places > Self.pods {
            #expect(told.count == points.count)
            let counts = Dictionary(grouping: told) { $0.labels["pod"] ?? "" }
                .mapValues { $0.reduce(0) { $0 + $1.count } }
            #expect(counts.count == Self.pods && counts.values.allSatisfy { $0 == 8 * Self.spans })
        }
        #expect(fixture.context.account.imbalance == nil)
    }
}
