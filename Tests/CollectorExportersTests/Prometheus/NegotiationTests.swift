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
            ";;,,q=",
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
