import CollectorConnectors
import CollectorCore
import CollectorTestKit
import OTLPWire
import Testing

private let calls = "traces.span.metrics.calls"

/// What holds whatever senders do: totals are exact, memory is bounded (conformance 235).
@Suite struct SpanMetricsBoundsTests {
    private func spans(_ numbers: ClosedRange<UInt64>, service: String = "shop") -> [TestSpan] {
        numbers.map { number in
            var span = TestSpan(.test(number), spanID: number, name: "GET /user/\(number)")
            span.attributes = ["method": "GET"]
            return span
        }
    }

    @Test func `a label with too many values is folded alone, and totals stay exact`() async throws {
        let fixture = try await SpanMetricsFixture([
            "dimension_cardinality_limit": 10, "dimensions": [["name": "method"]],
        ])
        for _ in 0..<2 { try fixture.send(spans(1...200)) }
        try fixture.send(resource: ["service.name": "cart"], spans(500...505))
        fixture.flush()
        #expect(try fixture.sink.total(calls) == 406)
        let points = try fixture.sink.latest(calls, by: "service.name", "span.name", "method")
        #expect(points.count == 17)
        #expect(points[["shop", "__other__", "GET"]]?.count == 380)
        #expect(points[["shop", "GET /user/3", "GET"]]?.count == 2)
        #expect(points[["cart", "GET /user/505", "GET"]]?.count == 1)
        #expect(fixture.context.metric("otelcol_connector_span_metrics_folded_spans") == 380)
    }

    @Test func `values whose series have expired make room for others`() async throws {
        let fixture = try await SpanMetricsFixture(["dimension_cardinality_limit": 2, "series_expiration": "30s"])
        try fixture.send(spans(1...2))
        fixture.flush()
        fixture.flush()
        try fixture.send(spans(3...4))
        fixture.sink.clear()
        fixture.context.clock.advance(by: .seconds(0))
        try fixture.send(spans(3...4))
        await fixture.context.clock.shutDown(fixture.connector, within: .seconds(1))
        let names = Set(try fixture.sink.points().compactMap { $0.labels["span.name"] })
        #expect(names == ["GET /user/3", "GET /user/4"])
    }

    @Test func `beyond the limit of series spans are counted without labels`() async throws {
        let fixture = try await SpanMetricsFixture(["aggregation_cardinality_limit": 5])
        try fixture.send(spans(1...50))
        fixture.flush()
        #expect(try fixture.sink.total(calls) == 50)
        let overflow = try fixture.sink.points().filter {
            $0.metric == calls && $0.labels["otel.metric.overflow"] == "true"
        }
        #expect(overflow.map(\.count) == [45] && overflow.first?.labels.count == 1)
        #expect(fixture.context.metric("otelcol_connector_span_metrics_overflow_spans") == 45)
    }

    @Test func `the limit of series is that of each resource`() async throws {
        let fixture = try await SpanMetricsFixture(["aggregation_cardinality_limit": 5])
        try fixture.send(resource: ["service.name": "noisy"], spans(1...50))
        for number in 1...10 { try fixture.send(resource: ["service.name": .string("quiet-\(number)")], spans(1...5)) }
        fixture.flush()
        #expect(try fixture.sink.total(calls) == 100)
        let counts = try fixture.sink.latest(calls, by: "service.name", "span.name", "otel.metric.overflow")
        #expect(counts.count == 56)
        let overflow = try fixture.sink.points().filter {
            $0.metric == calls && $0.labels["otel.metric.overflow"] == "true"
        }
        #expect(overflow.map(\.count) == [45] && overflow.map(\.resource) == [["service.name": "noisy"]])
    }

    @Test func `a resource whose series have expired has its places again`() async throws {
        let fixture = try await SpanMetricsFixture([
            "aggregation_cardinality_limit": 2, "series_expiration": "90s", "dimension_cardinality_limit": 0,
        ])
        for first in [UInt64(1), 11, 21] {
            try fixture.send(spans(first...(first + 2)))
            fixture.flush()
            let now = try fixture.sink.points().filter { $0.metric == calls }
            #expect(now.filter { $0.labels["span.name"] != nil }.count == 2)
            #expect(now.filter { $0.labels["otel.metric.overflow"] == "true" }.map(\.count) == [1])
            fixture.flush()
            fixture.flush()
            fixture.sink.clear()
        }
    }

    @Test func `labels are folded each for itself, whatever the lengths of their names`() async throws {
        let fixture = try await SpanMetricsFixture([
            "dimension_cardinality_limit": 5, "dimensions": [["name": "route"], ["name": "a"], ["name": "b"]],
        ])
        try fixture.send(
            (1...100).map { number in
                var span = TestSpan(.test(UInt64(number)), spanID: 1)
                span.attributes = ["route": .string("r\(number)"), number <= 50 ? "a" : "b": "x"]
                return span
            })
        fixture.flush()
        let points = try fixture.sink.latest(calls, by: "route", "a", "b").mapValues(\.count)
        #expect(points[["__other__", "x", "-"]] == 45 && points[["__other__", "-", "x"]] == 50)
        #expect(points.count == 7)
    }

    @Test func `what senders call other is counted with what was folded`() async throws {
        let fixture = try await SpanMetricsFixture(["dimension_cardinality_limit": 1, "dimensions": [["name": "a"]]])
        try fixture.send(
            ["__other__", "one", "two", "__other__"].map { value in
                var span = TestSpan(.test(1), spanID: 1)
                span.attributes = ["a": .string(value)]
                return span
            })
        fixture.flush()
        let points = try fixture.sink.points().filter { $0.metric == calls }
        #expect(points.count == 2)
        #expect(points.first { $0.labels["a"] == "__other__" }?.count == 3)
    }

    @Test func `when the process has no memory for series spans are counted without labels`() async throws {
        let fixture = try await SpanMetricsFixture(
            ["dimension_cardinality_limit": 0], context: TestContext(budgetBytes: 200_000))
        for first in stride(from: UInt64(1), to: 5001, by: 500) { try fixture.send(spans(first...(first + 499))) }
        fixture.flush()
        #expect(try fixture.sink.total(calls) == 5000)
        #expect(fixture.context.metric("otelcol_connector_span_metrics_series") < 1000)
        #expect(fixture.context.budget.usedBytes <= 200_000)
    }

    @Test func `resources beyond the limit that are all busy are shown as overflow, and counted`() async throws {
        let fixture = try await SpanMetricsFixture(["resource_metrics_cache_size": 3])
        for number in 1...20 {
            try fixture.send(resource: ["service.name": "shop", "pod": .string("pod-\(number)")], spans(1...2))
        }
        fixture.flush()
        #expect(try fixture.sink.total(calls) == 40)
        let points = try fixture.sink.points()
        #expect(Set(points.map { $0.resource["pod"] ?? "" }) == ["pod-1", "pod-2", "pod-3", ""])
        let nameless = points.filter { $0.resource.isEmpty }
        #expect(nameless.allSatisfy { $0.labels["otel.metric.overflow"] == "true" && $0.labels["span.name"] != nil })
        #expect(points.allSatisfy { $0.resource.isEmpty || $0.labels["otel.metric.overflow"] == nil })
        #expect(fixture.context.metric("otelcol_connector_span_metrics_overflow_spans") == 34)
    }

    @Test func `resources there is no memory for are shown as overflow, and counted`() async throws {
        let fixture = try await SpanMetricsFixture(context: TestContext(budgetBytes: 300_000))
        let filling = String(repeating: "x", count: 50_000)
        for number in 1...20 {
            let resource: TestAttributes = ["service.name": "shop", "pod": .string("\(number)-\(filling)")]
            try fixture.send(resource: resource, spans(1...1))
        }
        fixture.flush()
        #expect(try fixture.sink.total(calls) == 20)
        #expect(Set(try fixture.sink.points().map(\.resource)).count < 6)
        let nameless = try fixture.sink.points().filter { $0.metric == calls && $0.resource.isEmpty }
        #expect(nameless.allSatisfy { $0.labels["otel.metric.overflow"] == "true" })
        let counted = fixture.context.metric("otelcol_connector_span_metrics_overflow_spans")
        #expect(counted > 10 && counted == nameless.reduce(0) { $0 + Double($1.count) })
    }

    @Test func `spans that have no resource are no overflow`() async throws {
        let fixture = try await SpanMetricsFixture()
        try fixture.send(resource: [:], spans(1...3))
        fixture.flush()
        #expect(try fixture.sink.points().allSatisfy { $0.labels["otel.metric.overflow"] == nil })
        #expect(fixture.context.metric("otelcol_connector_span_metrics_overflow_spans") == 0)
    }

    @Test func `resources are told apart by chosen attributes`() async throws {
        let fixture = try await SpanMetricsFixture(["resource_metrics_key_attributes": ["service.name"]])
        for number in 1...20 {
            try fixture.send(resource: ["service.name": "shop", "pod": .string("pod-\(number)")], spans(1...1))
        }
        fixture.flush()
        #expect(try fixture.sink.points().filter { $0.metric == calls }.map(\.count) == [20])
    }

    /// Each span stands for 2^56 / (2^56 - T) ones, however it is rounded (conformance 232, 234).
    @Test(arguments: [("c", 4.0), ("fd70a3d70a3d71", 100.0), ("5", 1 / (1 - 5.0 / 16)), ("8", 2.0), ("0", 1.0)])
    func `spans that were sampled count for those that were not kept`(threshold: String, each: Double) async throws {
        let fixture = try await SpanMetricsFixture(["enable_metrics_sampling_method": true])
        let count = 20_000
        for part in 0..<20 {
            try fixture.send(
                (0..<count / 20).map { number in
                    TestSpan(
                        .test(UInt64(part * 1000 + number + 1)), spanID: 7,
                        duration: .milliseconds(number % 2 == 0 ? 1 : 500), traceState: "a=b,ot=th:\(threshold)")
                })
        }
        fixture.flush()
        let expected = Double(count) * each
        let fraction = each - each.rounded(.down)
        let deviation = (Double(count) * fraction * (1 - fraction)).squareRoot()
        let total = Double(try fixture.sink.total(calls))
        #expect(abs(total - expected) <= 4 * deviation)
        let point = try #require(try fixture.sink.points().first { $0.metric == "traces.span.metrics.duration" })
        #expect(point.labels["sampling.method"] == "extrapolated")
        #expect(point.buckets.reduce(0, +) == point.count && Double(point.count) == total)
        // Neither kind of span is favoured by the rounding.
        let fast = Double(point.buckets[0])
        #expect(abs(fast - expected / 2) <= 4 * deviation + 1)
        #expect(abs(point.sum - expected * 250.5) <= expected * 0.001)
    }

    @Test(arguments: ["", "ot=th:xyz", "ot=rv:12345678901234", "ot=th:fd70a;th:1", "congo=t61rcWkgMzE", "=,=;"])
    func `spans without a threshold count once, whatever their tracestate`(state: String) async throws {
        let fixture = try await SpanMetricsFixture()
        try fixture.send([TestSpan(.test(1), spanID: 1, traceState: state)])
        fixture.flush()
        #expect(try fixture.sink.total(calls) == 1)
    }

    @Test func `counts end at the highest a point can say`() async throws {
        let fixture = try await SpanMetricsFixture()
        let spans = (1...300).map { TestSpan(.test(UInt64($0)), spanID: 1, traceState: "ot=th:ffffffffffffff") }
        try fixture.send(spans)
        fixture.flush()
        #expect(try fixture.sink.total(calls) == UInt64(Int64.max))
    }
}
