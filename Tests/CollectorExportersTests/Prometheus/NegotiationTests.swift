import CollectorCore
import CollectorTestKit
import CollectorTransport
import Testing

@testable import CollectorExporters

@Suite("prometheus, what a scrape gets")
struct NegotiationTests {
    private func format(_ accept: String?, openMetrics: Bool = true) -> ScrapeFormat {
        ScrapeFormat(accept: accept, offersOpenMetrics: openMetrics)
    }

    @Test(
        "text 0.0.4 is the answer to everything unknown (conformance 181, 185)",
        arguments: [
            nil, "", "*/*", "text/html", "application/openmetrics-text;version=2.0.0", "text/plain;version=1.0.0",
            ";;,,q=", "*/*;version=x\r\nEvil: 1", "text/*;version=1.0.0",
            "application/openmetrics-text;version=1.0.0;q=0",
        ])
    func fallback(accept: String?) {
        #expect(format(accept) == ScrapeFormat(format: .prometheus, escaping: .underscores))
    }

    @Test("the best wanted format wins, ties by order (conformance 184)")
    func quality() {
        let openMetrics = "application/openmetrics-text; version=1.0.0"
        #expect(format("text/plain;q=0.5,\(openMetrics);q=0.9").format == .openMetrics)
        #expect(format("text/plain;q=0.9,\(openMetrics);q=0.5").format == .prometheus)
        #expect(format("\(openMetrics),text/plain").format == .openMetrics)
        #expect(format("text/plain,\(openMetrics)").format == .prometheus)
        #expect(
            format("application/openmetrics-text;version=2.0.0,\(openMetrics);q=0.5,text/plain;q=0.1").format
                == .openMetrics)
        #expect(format("APPLICATION/OpenMetrics-Text; Version=\"1.0.0\"").format == .openMetrics)
        #expect(format(openMetrics, openMetrics: false).format == .prometheus)
    }

    @Test("a known escaping is taken and named, an unknown one is neither (conformance 186, 187)")
    func escaping() {
        #expect(
            format("text/plain;version=0.0.4;escaping=dots").contentType
                == "text/plain; version=0.0.4; charset=utf-8; escaping=dots")
        #expect(
            format("application/openmetrics-text;version=1.0.0;escaping=allow-utf-8").contentType
                == "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=allow-utf-8")
        #expect(format("text/plain;escaping=x\r\nEvil: 1").escaping == .underscores)
    }

    @Test("the versions that Prometheus 3 and those before 2.27 ask for are answered as such (conformance 181, 189)")
    func versions() throws {
        #expect(
            format("text/plain;version=1.0.0;escaping=allow-utf-8").contentType
                == "text/plain; version=1.0.0; charset=utf-8; escaping=allow-utf-8")
        let early = format("application/openmetrics-text; version=0.0.1,text/plain;version=0.0.4;q=0.5,*/*;q=0.1")
        #expect(early.format == .openMetrics)
        #expect(
            early.contentType == "application/openmetrics-text; version=0.0.1; charset=utf-8; escaping=underscores")
        #expect(format("application/openmetrics-text;version=0.0.1", openMetrics: false).format == .prometheus)
    }

    /// What Prometheus 3 sends.
    private static let prometheus3 = """
        application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,\
        application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,\
        text/plain;version=0.0.4;q=0.3,*/*;q=0.2
        """

    @Test("Prometheus 3 gets UTF-8 names, with OpenMetrics and without", arguments: [true, false])
    func prometheus3(openMetrics: Bool) throws {
        let harness = PrometheusHarness {
            $0.translationStrategy = .noTranslation
            $0.enablesOpenMetrics = openMetrics
        }
        try harness.send(TestMetric("queue.length", .gauge([TestNumberPoint(value: 3)])))
        let answer = harness.answer(accept: Self.prometheus3)
        let type = openMetrics ? "application/openmetrics-text" : "text/plain"
        #expect(
            answer.header("content-type") == "\(type); version=1.0.0; charset=utf-8; escaping=allow-utf-8")
        #expect(Array(answer.body.readableBytesView).text.contains("{\"queue.length\","))
    }

    @Test("gzip is for those who accept it (conformance 188)")
    func gzip() {
        #expect(acceptsGzip("gzip"))
        #expect(acceptsGzip("deflate, gzip;q=0.5"))
        #expect(acceptsGzip("*"))
        #expect(!acceptsGzip("gzip;q=0"))
        #expect(!acceptsGzip("identity"))
        #expect(!acceptsGzip("*, gzip;q=0"))
        #expect(!acceptsGzip(nil))
    }

    @Test("other paths and methods are refused (conformance 199)")
    func methods() {
        let harness = PrometheusHarness()
        #expect(harness.answer().status == 200)
        #expect(harness.answer(method: "HEAD").status == 200)
        #expect(harness.answer(path: "/").status == 404)
        #expect(harness.answer(path: "/metrics/").status == 404)
        let refused = harness.answer(method: "POST")
        #expect(refused.status == 405)
        #expect(refused.header("allow") == "GET, HEAD")
    }
}
