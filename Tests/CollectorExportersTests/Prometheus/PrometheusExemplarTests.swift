import CollectorCore
import CollectorTestKit
import OTLPWire
import Testing

@testable import CollectorExporters

private let second: UInt64 = 1_000_000_000
private let start: UInt64 = 1_700_000_000 * second

@Suite("prometheus, exemplars")
struct PrometheusExemplarTests {
    private func trace(_ number: UInt64) -> TraceID { TraceID(high: 0xa, low: number) }

    private func histogram(
        _ exemplars: [TestExemplar] = [], _ temporality: TestTemporality = .cumulative, time: UInt64 = 0
    ) -> TestMetric {
        let point = TestHistogramPoint(
            attributes: ["route": "/cart"], bounds: [1, 2], counts: [1, 1, 1], sum: 5, start: start + time * second,
            time: start + (time + 1) * second, exemplars: exemplars)
        return TestMetric("h", .histogram([point], temporality))
    }

    /// The trace ids shown on the buckets of `h`; nil for buckets without.
    private func shown(_ harness: PrometheusHarness) throws -> [String?] {
        try harness.scrape().samples("h_bucket").map { bucket in
            bucket.exemplar?.labels.first { $0.name == "trace_id" }.map { String($0.value.suffix(1)) }
        }
    }

    @Test("an exemplar stands in the bucket of its value, bounds included (conformance 152)")
    func buckets() throws {
        let harness = PrometheusHarness()
        try harness.send(
            histogram([
                TestExemplar(trace(1), value: 1), TestExemplar(trace(2), value: 1.5),
                TestExemplar(trace(3), value: 1e9),
            ]))
        #expect(try shown(harness) == ["1", "2", "3"])
    }

    @Test("text 0.0.4 has none, nor have gauges and sums that may fall (conformance 149 to 151)")
    func formats() throws {
        let harness = PrometheusHarness()
        let point = TestNumberPoint(value: 1, exemplars: [TestExemplar(trace(1), value: 1)])
        try harness.send(
            histogram([TestExemplar(trace(1), value: 1)]), TestMetric("g", .gauge([point])),
            TestMetric("u", .sum([point], isMonotonic: false)), TestMetric("c", .sum([point])))
        let plain = try harness.scrape(openMetrics: false)
        #expect(plain.families.allSatisfy { $0.samples.allSatisfy { $0.exemplar == nil } })
        #expect(try harness.scrape().samples("c_total").first?.exemplar != nil)
        #expect(try harness.scrape().samples("g").first?.exemplar == nil)
        #expect(try harness.scrape().samples("u").first?.exemplar == nil)
    }

    @Test("exemplars stay while deltas accumulate, and until a newer one comes")
    func survival() throws {
        let harness = PrometheusHarness()
        try harness.send(histogram([TestExemplar(trace(1), value: 0.5, time: start)], .delta))
        try harness.send(histogram([], .delta, time: 1))
        #expect(try shown(harness) == ["1", nil, nil])
        try harness.send(histogram([TestExemplar(trace(2), value: 0.5, time: start - second)], .delta, time: 2))
        #expect(try shown(harness) == ["1", nil, nil], "times per bucket only increase")
        try harness.send(histogram([TestExemplar(trace(3), value: 0.5, time: start + second)], .delta, time: 3))
        #expect(try shown(harness) == ["3", nil, nil])
    }

    @Test("an exemplar goes when it is too old")
    func age() throws {
        let harness = PrometheusHarness { $0.exemplarMaxAge = .seconds(30) }
        try harness.send(histogram([TestExemplar(trace(1), value: 0.5)]))
        harness.context.clock.advance(by: .seconds(29))
        #expect(try shown(harness) == ["1", nil, nil])
        try harness.send(histogram([TestExemplar(trace(1), value: 0.5)]))
        harness.context.clock.advance(by: .seconds(2))
        #expect(try shown(harness) == [nil, nil, nil], "repeating it does not make it younger")
    }

    @Test("the ids come first, attributes as far as 128 code points allow (conformance 146 to 148)")
    func labels() throws {
        let harness = PrometheusHarness()
        let long = String(repeating: "é", count: 60)
        try harness.send(
            histogram([
                TestExemplar(
                    trace(1), value: 0.5,
                    filteredAttributes: [
                        "trace.id": "evil", "user": .string(long), "more": .string(long), "k": "v", "none": "",
                    ])
            ]))
        let exemplar = try #require(try harness.scrape().samples("h_bucket").first?.exemplar)
        let names = Set(exemplar.labels.map(\.name))
        #expect(names == ["trace_id", "span_id", "k"] || names == ["trace_id", "span_id", "user"])
        #expect(exemplar.labels.first { $0.name == "trace_id" }?.value == trace(1).description)
        #expect(harness.context.metric("otelcol_exporter_prometheus_conflicts", ["kind": "exemplar_label"]) > 0)
    }

    @Test("an attribute that Prometheus could not read is left out alone and counted")
    func unreadable() throws {
        let harness = PrometheusHarness()
        try harness.send(
            histogram([
                TestExemplar(trace(1), value: 0.5, filteredAttributes: ["bad": "a\u{0}b", "cr": "a\rb", "k": "\u{1}"])
            ]))
        let exemplar = try #require(try harness.scrape().samples("h_bucket").first?.exemplar)
        #expect(Set(exemplar.labels.map(\.name)) == ["trace_id", "span_id", "cr", "k"])
        #expect(harness.context.metric("otelcol_exporter_prometheus_conflicts", ["kind": "exemplar_label"]) == 1)
    }

    @Test("one without ids is shown with empty braces, one without a number not at all (conformance 154, 156)")
    func odd() throws {
        let harness = PrometheusHarness()
        try harness.send(
            histogram([TestExemplar(nil, value: 0.5, time: 0), TestExemplar(trace(1), value: .nan)]))
        let text = String(decoding: harness.scrapeText(), as: UTF8.self)
        #expect(text.contains("le=\"1.0\"} 1 # {} 0.5\n"))
        #expect(try shown(harness) == [nil, nil, nil])
    }

    @Test("others may offer exemplars for a series and withdraw them by trace")
    func exchange() throws {
        let harness = PrometheusHarness()
        try harness.send(histogram())
        let key = try seriesKey()
        func offer(_ number: UInt64, _ value: Double, _ time: UInt64) {
            harness.context.exemplars.offer(
                Exemplar(traceID: trace(number), spanID: 7, value: value, timeNanoseconds: start + time * second),
                to: key)
        }
        offer(1, 0.5, 1)
        offer(2, 5, 1)
        #expect(try shown(harness) == ["1", nil, "2"])
        offer(3, 0.7, 0)
        #expect(try shown(harness) == ["1", nil, "2"])
        harness.context.exemplars.withdraw([trace(1)])
        #expect(try shown(harness) == [nil, nil, "2"])
        harness.context.exemplars.offer(
            Exemplar(traceID: trace(4), spanID: 7, value: 0.5, timeNanoseconds: start),
            to: try seriesKey(resource: ["service.name": "other"]))
        #expect(try shown(harness) == [nil, nil, "2"], "a series that is not shown takes none")
    }

    @Test("of exemplars without end in one point a thousand are taken, the rest is counted")
    func flood() throws {
        let harness = PrometheusHarness()
        let exemplars = (0..<20_000).map { TestExemplar(trace(UInt64($0)), value: Double($0 % 2000) + 0.5) }
        let point = TestHistogramPoint(
            bounds: (1...2000).map(Double.init), counts: [UInt64](repeating: 1, count: 2001), sum: 1,
            exemplars: exemplars)
        try harness.send(TestMetric("h", .histogram([point])))
        #expect(try harness.scrape().samples("h_bucket").filter { $0.exemplar != nil }.count == 1000)
        #expect(
            harness.context.metric("otelcol_exporter_prometheus_conflicts", ["kind": "exemplar_limit"]) == 19_000)
    }

    @Test("an exemplar from the future is taken as of now and does not keep its bucket closed")
    func future() throws {
        let harness = PrometheusHarness()
        try harness.send(histogram([TestExemplar(trace(1), value: 0.5, time: start + 3600 * second)], .delta))
        let first = try #require(try harness.scrape().samples("h_bucket").first?.exemplar)
        #expect(first.time == 1_700_000_000)
        harness.context.clock.advance(by: .seconds(5))
        try harness.send(histogram([TestExemplar(trace(2), value: 0.5, time: start + 4 * second)], .delta, time: 1))
        #expect(try shown(harness) == ["2", nil, nil])
        let key = try seriesKey()
        for (number, time) in [(3, start + 7200 * second), (4, start + 6 * second)] as [(UInt64, UInt64)] {
            harness.context.exemplars.offer(
                Exemplar(traceID: trace(number), spanID: 7, value: 0.5, timeNanoseconds: time), to: key)
        }
        #expect(try shown(harness) == ["4", nil, nil])
        #expect(harness.context.metric("otelcol_exporter_prometheus_conflicts", ["kind": "future"]) == 2)
    }

    /// The identity other components compute for the series of `histogram`.
    private func seriesKey(resource: TestAttributes = ["service.name": "shop"]) throws -> SeriesKey {
        let batch = try Batch.metrics(resource: resource, histogram())
        let segment = try #require(batch.segments.first)
        guard case .metrics(let index) = segment.index else { throw ExpositionError("not metrics") }
        let bytes = segment.body.readableBytesUInt8Span
        let metric = index.metrics[0]
        let head = index.resources[Int(index.scopes[Int(metric.scope)].parent)].head
        let resource = AttributeSetHash(bytes, message: payload(of: 1, in: head, bytes) ?? .empty, fieldNumber: 1)
        let point = payload(of: 1, in: metric.data, bytes) ?? .empty
        let attributes = AttributeSetHash(bytes, message: point, fieldNumber: HistogramPoint.attributesField)
        let scope = ScopeHash(
            bytes, scope: payload(of: 1, in: index.scopes[Int(metric.scope)].head, bytes) ?? .empty)
        return SeriesKey(resource: resource, scope: scope, name: metric.name, point: attributes, bytes)
    }
}
