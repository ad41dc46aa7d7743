import CollectorConnectors
import CollectorCore
import CollectorTestKit
import OTLPWire
import Testing

private let calls = "traces.span.metrics.calls"

/// Resources come and go without end, as pods do: those that are idle make room, and nothing is lost by it.
@Suite struct ResourceEvictionTests {
    private func send(_ fixture: SpanMetricsFixture, pods: ClosedRange<Int>, spans count: UInt64 = 1) throws {
        for pod in pods {
            let spans = (1...count).map { TestSpan(.test(UInt64(pod) * 1000 + $0), spanID: $0) }
            try fixture.send(resource: ["service.name": "shop", "pod": .string("pod-\(pod)")], spans)
        }
    }

    /// What every pod counted, all its lives together; a life is a start.
    private func totals(_ fixture: SpanMetricsFixture) throws -> [String: UInt64] {
        var lives: [String: [UInt64: UInt64]] = [:]
        for point in try fixture.sink.points() where point.metric == calls {
            #expect(point.labels["otel.metric.overflow"] == nil)
            if point.temporality == 1 {
                lives[point.resource["pod"] ?? "-", default: [:]][point.time, default: 0] += point.count
            } else {
                lives[point.resource["pod"] ?? "-", default: [:]][point.start] = point.count
            }
        }
        return lives.mapValues { $0.values.reduce(0, +) }
    }

    private func overflow(_ fixture: SpanMetricsFixture) -> Double {
        fixture.context.metric("otelcol_connector_span_metrics_overflow_spans")
    }

    @Test(arguments: ["CUMULATIVE", "DELTA"]) func `new resources take the places of idle ones, without end`(
        temporality: String
    ) async throws {
        let fixture = try await SpanMetricsFixture([
            "resource_metrics_cache_size": 20,
            "aggregation_temporality": .scalar("AGGREGATION_TEMPORALITY_\(temporality)"),
        ])
        for generation in 0..<30 {
            try send(fixture, pods: (generation * 20 + 1)...(generation * 20 + 20), spans: 3)
            fixture.flush()
        }
        let totals = try totals(fixture)
        #expect(totals.count == 600 && totals.values.allSatisfy { $0 == 3 })
        #expect(overflow(fixture) == 0)
        // Two families of one series for each resource that is told apart or was until lately.
        #expect(fixture.context.metric("otelcol_connector_span_metrics_series") <= 40)
    }

    @Test func `the one that was not seen for longest goes, and begins anew when it comes again`() async throws {
        let fixture = try await SpanMetricsFixture(["resource_metrics_cache_size": 3])
        try send(fixture, pods: 1...3, spans: 5)
        fixture.flush()
        try send(fixture, pods: 1...1)
        fixture.flush()
        try send(fixture, pods: 4...4)
        fixture.sink.clear()
        fixture.flush()
        #expect(try Set(fixture.sink.points().map { $0.resource["pod"] }) == ["pod-1", "pod-3", "pod-4"])
        fixture.sink.clear()
        try send(fixture, pods: 2...2, spans: 2)
        fixture.flush()
        let points = try fixture.sink.points().filter { $0.metric == calls }
        #expect(Set(points.map { $0.resource["pod"] }) == ["pod-1", "pod-2", "pod-4"])
        let again = try #require(points.first { $0.resource["pod"] == "pod-2" })
        let other = try #require(points.first { $0.resource["pod"] == "pod-1" })
        #expect(again.count == 2 && again.start > other.start && again.start < again.time)
        #expect(overflow(fixture) == 0)
    }

    @Test func `what was not told yet does not go`() async throws {
        let fixture = try await SpanMetricsFixture(["resource_metrics_cache_size": 3])
        fixture.sink.failAlways(.retryable("down"))
        try send(fixture, pods: 1...3, spans: 5)
        fixture.flush()
        // Told, but refused.
        try send(fixture, pods: 4...4)
        #expect(overflow(fixture) == 1)
        fixture.sink.recover()
        fixture.flush()
        try send(fixture, pods: 5...5)
        #expect(overflow(fixture) == 1)
        fixture.flush()
        #expect(try fixture.sink.total(calls) == 17)
    }

    @Test func `what a backend has not confirmed yet does not go`() async throws {
        let fixture = try await SpanMetricsFixture(["resource_metrics_cache_size": 1])
        fixture.sink.answerLater()
        try send(fixture, pods: 1...1)
        fixture.flush()
        try send(fixture, pods: 2...2)
        #expect(overflow(fixture) == 1)
        fixture.sink.answer(.failure(.retryable("down")))
        try send(fixture, pods: 3...3)
        #expect(overflow(fixture) == 2)
        fixture.flush()
        fixture.sink.answer(.success(nil))
        try send(fixture, pods: 4...4)
        #expect(overflow(fixture) == 2)
    }

    @Test(arguments: 1...6, ["0s", "1000h"]) func `whatever comes and goes, totals are exact and memory is given back`(
        seed: Int, expiration: String
    ) async throws {
        let fixture = try await SpanMetricsFixture([
            "resource_metrics_cache_size": 10, "series_expiration": .scalar(expiration),
        ])
        let empty = fixture.context.budget.usedBytes
        var random = SeededGenerator(seed: UInt64(seed))
        var sent: UInt64 = 0
        for _ in 0..<200 {
            let pod = Int.random(in: 1...40, using: &random)
            let count = UInt64.random(in: 1...5, using: &random)
            try send(fixture, pods: pod...pod, spans: count)
            sent += count
            if random.chance(30) { fixture.sink.failNext(.retryable("now and then")) }
            if random.chance(30) { fixture.flush() }
        }
        fixture.sink.recover()
        fixture.flush()
        var lives: [String: UInt64] = [:]
        for point in try fixture.sink.points() where point.metric == calls {
            let life = "\(point.resource["pod"] ?? "-") \(point.start)"
            // What is told of one resource is never another's.
            #expect(point.count >= lives[life] ?? 0)
            lives[life] = point.count
        }
        #expect(lives.values.reduce(0, +) == sent)
        #expect(fixture.context.metric("otelcol_connector_span_metrics_series") <= 2 * 13)
        #expect(fixture.context.budget.usedBytes - empty < 400_000)
    }
}
