import CollectorTestKit
import Testing

@testable import CollectorExporters

@Suite("prometheus, what a scrape says it left out")
struct OmissionReportTests {
    private func gauge(_ name: String, _ value: Double = 1) -> TestMetric {
        TestMetric(name, .gauge([TestNumberPoint(value: value)]))
    }

    private func counter(_ name: String) -> TestMetric { TestMetric(name, .sum([TestNumberPoint(value: -1)])) }

    @Test("each reason that occurred is a series, in every format")
    func reasons() throws {
        let harness = PrometheusHarness { $0.reportsOmissions = true }
        try harness.send(gauge("good"))
        #expect(try harness.scrape()["needletail_scrape_omissions"] == nil)
        try harness.send(counter("c"), counter("c"), TestMetric("good", .histogram([], .cumulative)), gauge("..."))
        let expected = ["invalid_point": 2.0, "invalid_name": 1]
        let samples = try harness.scrape().samples("needletail_scrape_omissions_total")
        let text = Dictionary(
            samples.map { ($0.labels.first?.value ?? "", $0.value) }, uniquingKeysWith: { first, _ in first })
        #expect(text == expected)
        let metrics = try #require(try harness.scrapeMessages()["needletail_scrape_omissions_total"]).metrics
        #expect(metrics.map(\.value) == samples.map(\.value))
        #expect(try harness.scrape(openMetrics: false).samples("needletail_scrape_omissions_total").count == 2)
    }

    /// The report's reasons after a scrape in this format.
    private func reasons(_ harness: PrometheusHarness, openMetrics: Bool = true) throws -> [String: Double] {
        let samples = try harness.scrape(openMetrics: openMetrics).samples("needletail_scrape_omissions_total")
        return Dictionary(uniqueKeysWithValues: samples.map { ($0.labels.first?.value ?? "", $0.value) })
    }

    @Test("what is left out is counted once: the sum over reasons is the number of points that are missing")
    func once() throws {
        let harness = PrometheusHarness { $0.reportsOmissions = true }
        let points = (0..<10).map { TestNumberPoint(attributes: ["n": .int($0)], value: 1) }
        try harness.send(TestMetric("a", .gauge(points)))
        try harness.send(TestMetric("...", .gauge(points)))
        let histogram = TestHistogramPoint(bounds: [], counts: [1], sum: 1)
        for _ in 0..<3 { try harness.send(TestMetric("a", .histogram([histogram, histogram]))) }
        #expect(try reasons(harness) == ["type_conflict": 6, "invalid_name": 10])
        for kind in ["type", "name"] {
            #expect(harness.context.metric("otelcol_exporter_prometheus_conflicts", ["kind": kind]) > 0)
        }
    }

    @Test("exemplars without a number and those of gauges are counted")
    func exemplars() throws {
        let harness = PrometheusHarness { $0.reportsOmissions = true }
        let exemplars = [1, .nan, 2].map { TestExemplar(.init(high: 1, low: 1), value: $0) }
        try harness.send(
            TestMetric("g", .gauge([TestNumberPoint(value: 1, exemplars: exemplars)])),
            TestMetric("u", .sum([TestNumberPoint(value: 1, exemplars: exemplars)], isMonotonic: false)),
            TestMetric("h", .histogram([TestHistogramPoint(bounds: [], counts: [1], sum: 1, exemplars: exemplars)])))
        #expect(try reasons(harness) == ["exemplar_type": 6, "exemplar_value": 1])
    }

    @Test("samples that OpenMetrics does not allow are counted by each of its scrapes, and shown in text 0.0.4")
    func samples() throws {
        let harness = PrometheusHarness { $0.reportsOmissions = true }
        func histogram(_ name: String, _ sum: Double?, _ bound: Double = 1) -> TestMetric {
            TestMetric(name, .histogram([TestHistogramPoint(bounds: [bound], counts: [1, 0], sum: sum)]))
        }
        try harness.send(histogram("lawful", nil), histogram("good", 0))
        #expect(try reasons(harness).isEmpty)
        try harness.send(histogram("negative", -1), histogram("nan", .nan), histogram("bound", 1, -1))
        #expect(try reasons(harness, openMetrics: false).isEmpty)
        #expect(try reasons(harness) == ["hidden_sample": 6])
        #expect(try reasons(harness) == ["hidden_sample": 12])
    }

    @Test("quantiles that are none are counted with their point, negative values by each OpenMetrics scrape")
    func summaries() throws {
        let harness = PrometheusHarness { $0.reportsOmissions = true }
        let quantiles = [(0.5, -1.0), (1.5, 2), (-0.1, 2), (.nan, 1), (0.9, 1), (0.9, 3)]
        let point = ProtobufMessage { point in
            point.fixed64(3, 1_700_000_000_000_000_000)
            point.fixed64(4, 5)
            point.double(5, -3)
            for (quantile, value) in quantiles {
                point.message(6) {
                    $0.double(1, quantile)
                    $0.double(2, value)
                }
            }
        }
        let metric = ProtobufMessage { metric in
            metric.string(1, "s")
            metric.message(11) { $0.bytes(1, point.bytes) }
        }
        try harness.send(
            ProtobufMessage { $0.message(1) { $0.message(2) { $0.bytes(2, metric.bytes) } } }.bytes)
        #expect(try harness.scrape(openMetrics: false).samples("s").map(\.value) == [-1, 3])
        #expect(try reasons(harness, openMetrics: false) == ["quantile": 4])
        #expect(try harness.scrape().samples("s").map(\.value) == [3])
        #expect(try reasons(harness) == ["quantile": 4, "hidden_sample": 4])
    }

    @Test("target metadata that another resource's stands for is counted once, not by each scrape")
    func targets() throws {
        let harness = PrometheusHarness { $0.reportsOmissions = true }
        func send(_ number: String) throws {
            try harness.send(
                resource: ["service.name": "shop", "service.instance.id": "1", "x": .string(number)], gauge("g"))
        }
        func shown() throws -> String? {
            try harness.scrape().samples("target_info").first?.labels.first { $0.name == "x" }?.value
        }
        try send("1")
        #expect(try reasons(harness).isEmpty)
        try send("2")
        for _ in 0..<3 {
            #expect(try shown() == "2")
            try send("1")
            for openMetrics in [true, false] {
                #expect(try reasons(harness, openMetrics: openMetrics) == ["target_info": 1, "series": 1])
            }
        }
    }

    @Test("of resources with one job and instance the newest that is alive is shown, also when series never expire")
    func livingTarget() throws {
        let harness = PrometheusHarness { $0.expirations.standard = nil }
        func send(_ number: String) throws {
            try harness.send(resource: ["service.name": "shop", "x": .string(number)], gauge("g"))
        }
        func shown() throws -> String? {
            try harness.scrape().samples("target_info").first?.labels.first { $0.name == "x" }?.value
        }
        try send("1")
        try send("2")
        harness.context.clock.advance(by: .seconds(200))
        try send("1")
        #expect(try shown() == "2", "it may send every few minutes")
        harness.context.clock.advance(by: .seconds(101))
        try send("1")
        #expect(try shown() == "1")
        try send("2")
        #expect(try shown() == "2")
    }

    @Test("no metric can take its name, and without the setting there is none")
    func names() throws {
        let harness = PrometheusHarness { $0.reportsOmissions = true }
        try harness.send(gauge("needletail.scrape.omissions.total", 7))
        try harness.send(counter("c"))
        #expect(try harness.scrape(openMetrics: false)["needletail_scrape_omissions_total"]?.type == "counter")
        let silent = PrometheusHarness()
        try silent.send(counter("c"))
        #expect(try silent.scrape().families.isEmpty)
    }
}
