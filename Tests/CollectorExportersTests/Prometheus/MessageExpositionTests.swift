import CollectorTestKit
import OTLPWire
import Testing

@testable import CollectorExporters

@Suite("prometheus, protobuf")
struct MessageExpositionTests {
    @Test("every kind of metric is shown, with labels as they were before any escaping (conformance 190)")
    func kinds() throws {
        let harness = PrometheusHarness()
        let exemplar = TestExemplar(TraceID(high: 1, low: 2), value: 0.75, filteredAttributes: ["k": "a\"}\\\n"])
        let attributes: TestAttributes = ["path": "a\"b\\c\nd", "empty": "", "é": "名"]
        try harness.send(
            TestMetric("g", description: "A\ngauge.", .gauge([TestNumberPoint(attributes: attributes, value: -1.5)])),
            TestMetric("c", unit: "s", .sum([TestNumberPoint(value: 7, exemplars: [exemplar])])),
            TestMetric(
                "h",
                .histogram([TestHistogramPoint(bounds: [0.5, 1], counts: [1, 2, 3], sum: 4, exemplars: [exemplar])]))
        )
        let exposition = try harness.scrapeMessages()
        #expect(exposition.families.map(\.name) == ["target_info", "c_seconds_total", "g", "h"])
        let gauge = try #require(exposition["g"])
        #expect(gauge.type == 1 && gauge.help == "A\ngauge." && gauge.metrics.first?.value == -1.5)
        #expect(gauge.metrics.first?.labels["path"] == "a\"b\\c\nd")
        #expect(gauge.metrics.first?.labels["job"] == "shop")
        let counter = try #require(exposition["c_seconds_total"])
        #expect(counter.type == 0 && counter.unit == "seconds" && counter.metrics.first?.value == 7)
        #expect(counter.metrics.first?.exemplars.first?.value == 0.75)
        #expect(counter.metrics.first?.exemplars.first?.labels["k"] == "a\"}\\\n")
        #expect(counter.metrics.first?.created == 1_699_999_000_000_000_000)
        let histogram = try #require(exposition["h"]?.metrics.first)
        #expect(histogram.histogram?.buckets.map(\.count) == [1, 3, 6])
        #expect(histogram.histogram?.buckets.map(\.bound) == [0.5, 1, .infinity])
        #expect(histogram.sum == 4 && histogram.count == 6 && histogram.exemplars.map(\.value) == [0.75])
        #expect(histogram.milliseconds == nil)
        #expect(exposition["target_info"]?.type == 1)
    }

    @Test("names that only UTF-8 has are shown as the scraper wants them (conformance 112, 189)")
    func escaping() throws {
        let harness = PrometheusHarness { $0.translationStrategy = .noTranslation }
        try harness.send(
            TestMetric("a.b", .gauge([TestNumberPoint(attributes: ["x.\"y": "1"], value: 1)])))
        let plain = try #require(try harness.scrapeMessages(escaping: "allow-utf-8")["a.b"])
        #expect(plain.metrics.first?.labels["x.\"y"] == "1")
        let escaped = try #require(try harness.scrapeMessages()["a_b"])
        #expect(escaped.metrics.first?.labels["x__y"] == "1")
        #expect(try harness.scrapeMessages(escaping: "dots")["a_dot_b"] != nil)
        #expect(try harness.scrapeMessages(escaping: "values")["U__a_2e_b"] != nil)
    }

    @Test("sample times are milliseconds, on request only")
    func timestamps() throws {
        let harness = PrometheusHarness { $0.sendsTimestamps = true }
        try harness.send(TestMetric("g", .gauge([TestNumberPoint(value: 1, time: 1_700_000_000_123_456_789)])))
        #expect(try harness.scrapeMessages()["g"]?.metrics.first?.milliseconds == 1_700_000_000_123)
    }

    @Test("it is offered whether or not OpenMetrics is, by quality, and named in full (conformance 184, 186, 190)")
    func negotiation() {
        let wanted = PrometheusHarness.protobuf
        for offersOpenMetrics in [true, false] {
            #expect(ScrapeFormat(accept: wanted, offersOpenMetrics: offersOpenMetrics).format == .protobuf)
        }
        let openMetrics = "application/openmetrics-text;version=1.0.0"
        #expect(ScrapeFormat(accept: "\(wanted);q=0.7,\(openMetrics)", offersOpenMetrics: true).format == .openMetrics)
        #expect(ScrapeFormat(accept: "\(openMetrics);q=0.7,\(wanted)", offersOpenMetrics: true).format == .protobuf)
        for other in ["application/vnd.google.protobuf", wanted.replacing("delimited", with: "text")] {
            #expect(ScrapeFormat(accept: other, offersOpenMetrics: true).format == .prometheus)
        }
        #expect(
            PrometheusHarness().answer(accept: wanted).header("content-type")
                == "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited;"
                + " escaping=underscores")
    }

    @Test(
        "lengths of more than one byte stand where they belong", arguments: [0, 1, 127, 128, 16_383, 16_384, 3_000_000])
    func lengths(size: Int) throws {
        let value = [UInt8](repeating: 7, count: size)
        let written = serialized { sink in
            sink.field(1, varint: 5)
            sink.field(2) { $0.append(value) }
            sink.field(16, signed: -3)
        }
        let expected = ProtobufMessage { message in
            message.varint(1, 5)
            message.bytes(2, value)
            message.varint(16, 5)
        }
        #expect(written == expected.bytes)
    }
}
