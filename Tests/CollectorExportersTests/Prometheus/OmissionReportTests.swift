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
        let expected = ["invalid_point": 2.0, "invalid_name": 1, "name": 1]
        let samples = try harness.scrape().samples("needletail_scrape_omissions_total")
        let text = Dictionary(
            samples.map { ($0.labels.first?.value ?? "", $0.value) }, uniquingKeysWith: { first, _ in first })
        #expect(text == expected)
        let metrics = try #require(try harness.scrapeMessages()["needletail_scrape_omissions_total"]).metrics
        #expect(metrics.map(\.value) == samples.map(\.value))
        #expect(try harness.scrape(openMetrics: false).samples("needletail_scrape_omissions_total").count == 3)
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
