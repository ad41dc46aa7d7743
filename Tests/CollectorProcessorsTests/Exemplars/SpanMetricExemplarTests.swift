import CollectorCore
import CollectorTestKit
import OTLPWire
import Testing

/// Histograms that `span_metrics` makes: their labels are what spans say of themselves.
@Suite struct SpanMetricExemplarTests {
    private let metric = "traces.span.metrics.duration"

    private func labels(
        _ name: String, kind: String = "SPAN_KIND_SERVER", status: String = "STATUS_CODE_UNSET",
        _ more: [(key: String, value: TestValue)] = []
    ) -> TestAttributes {
        TestAttributes(
            [
                (key: "service.name", value: "shop"), (key: "span.name", value: .string(name)),
                (key: "span.kind", value: .string(kind)), (key: "status.code", value: .string(status)),
            ] + more)
    }

    /// The traces that came with the points of a second round.
    private func attached(_ fixture: ExemplarsFixture, _ points: [TestAttributes]) throws -> [[TraceID]] {
        fixture.metricsSink.clear()
        let histogram = TestMetric(metric, unit: "ms", .histogram(points.map { sample(attributes: $0, at: 10) }))
        _ = try fixture.metrics.consume(Batch(signal: .metrics, requests: metricsRequest([histogram])))
        return try fixture.metricsSink.batches.flatMap { try $0.readHistogramPoints() }.map {
            $0.exemplars.map(\.traceID)
        }
    }

    @Test func `labels are compared with the span's name, kind and status`() throws {
        let fixture = try ExemplarsFixture()
        let points = [
            labels("GET"), labels("PUT"), labels("GET", kind: "SPAN_KIND_INTERNAL"),
            labels("GET", status: "STATUS_CODE_ERROR"), labels("GET", kind: "SPAN_KIND_UNSPECIFIED"),
        ]
        for point in points { try fixture.point(sample(attributes: point), metric: metric) }
        try fixture.see(
            TestSpan(.test(1), name: "GET"), TestSpan(.test(2), name: "PUT"),
            TestSpan(.test(3), name: "GET", kind: .internal), TestSpan(.test(4), name: "GET", statusCode: 2),
            TestSpan(.test(5), name: "GET", kind: .unspecified, statusCode: 0), TestSpan(.test(6), name: "DELETE"))
        #expect(try attached(fixture, points) == (1...5).map { [.test($0)] })
    }

    @Test func `a span is in the series that has its attributes, and no other`() throws {
        let fixture = try ExemplarsFixture()
        let points = [
            labels("GET"), labels("GET", [(key: "tier", value: "gold")]), labels("GET", [(key: "tier", value: "tin")]),
        ]
        for point in points { try fixture.point(sample(attributes: point), metric: metric) }
        try fixture.see(
            TestSpan(.test(1), name: "GET"), TestSpan(.test(2), name: "GET", attributes: ["tier": "gold"]),
            TestSpan(.test(3), name: "GET", attributes: ["tier": "tin", "other": 1]))
        #expect(try attached(fixture, points) == (1...3).map { [.test($0)] })
    }

    @Test func `the namespace does not matter, nor that labels are left out`() throws {
        for (name, unit, value) in [("shop.server.duration", "s", 0.01), ("duration", "ms", 10)] {
            let fixture = try ExemplarsFixture()
            try fixture.point(sample(attributes: labels("work", kind: "SPAN_KIND_INTERNAL")), metric: name, unit: unit)
            try fixture.point(
                sample(attributes: ["span.name": "work"]), metric: name, unit: unit, resource: ["service.name": "b"],
                scope: "spanmetricsconnector")
            try fixture.see(TestSpan(.test(1), name: "work", kind: .internal), TestSpan(.test(2), name: "work"))
            try fixture.see(TestSpan(.test(3), name: "work", kind: .client), resource: ["service.name": "b"])
            #expect(fixture.scrape.offers.map(\.traceID) == [.test(1), .test(3)], "\(name)")
            #expect(fixture.scrape.offers.map(\.value) == [value, value])
        }
    }

    @Test func `the series of all that was too much has no exemplars of spans`() throws {
        let fixture = try ExemplarsFixture()
        try fixture.point(
            sample(attributes: ["otel.metric.overflow": true]), metric: metric, scope: "spanmetricsconnector")
        try fixture.see(TestSpan(.test(1)))
        #expect(fixture.scrape.offers.isEmpty)
    }

    @Test func `named by include the rule is the same`() throws {
        let fixture = try ExemplarsFixture(["include": ["metric_name": .scalar(metric)]])
        try fixture.point(sample(attributes: labels("GET")), sample(attributes: labels("PUT")), metric: metric)
        try fixture.see(TestSpan(.test(1), name: "PUT"), TestSpan(.test(2), name: "DELETE"))
        #expect(try attached(fixture, [labels("GET"), labels("PUT")]) == [[], [.test(1)]])
        let other = try ExemplarsFixture(["include": ["metric_name": "else"]])
        try other.point(sample(attributes: labels("GET")), metric: metric)
        try other.see(TestSpan(.test(1), name: "GET"))
        #expect(other.scrape.offers.isEmpty)
    }
}
