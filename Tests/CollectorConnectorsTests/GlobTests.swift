import CollectorCore
import CollectorTestKit
import OTLPWire
import Testing

@testable import CollectorConnectors

private let calls = "traces.span.metrics.calls"

@Suite struct GlobTests {
    @Test(arguments: [
        ("http.*", ["http.", "http.route", "http.request.method"], ["http", "https.route", "xhttp.route"]),
        ("*", ["a", "http.route"], []), ("a*b*c", ["abc", "aXbXbYc"], ["ab", "abcd", "acb"]),
        ("a**c", ["ac", "abc"], ["a"]), ("k8s.?od", ["k8s.pod", "k8s.èod"], ["k8s.od", "k8s.ppod"]),
        ("{http,rpc}.*", ["http.route", "rpc.method"], ["db.name"]),
        ("a.{b,c{d,e}}", ["a.b", "a.cd", "a.ce"], ["a.c"]),
        ("x[0-9a]", ["x0", "xa"], ["xb", "x", "x00"]), ("x[!0-9]", ["xb"], ["x5"]), ("a\\*", ["a*"], ["ab"]),
        ("http.route", ["http.route"], ["http.routes"]),
    ]) func `globs match as others' do`(pattern: String, good: [String], bad: [String]) throws {
        let glob = try #require(Glob(pattern))
        for name in good { #expect(glob.matches(name), "\(name)") }
        for name in bad { #expect(!glob.matches(name), "\(name)") }
    }

    @Test(arguments: ["", "[", "a[", "a[]", "{a,b", "a\\", "[z-a]", String(repeating: "{a,b}", count: 7)])
    func `what is no pattern is told`(pattern: String) {
        #expect(Glob(pattern) == nil)
    }

    @Test func `a hostile name takes no long time`() throws {
        let glob = try #require(Glob("*a*a*a*a*a*a*a*b"))
        #expect(!glob.matches(String(repeating: "a", count: 20_000)))
    }

    private func span(_ number: UInt64, _ attributes: TestAttributes) -> TestSpan {
        var span = TestSpan(.test(number), spanID: number)
        span.attributes = attributes
        return span
    }

    @Test func `attributes of spans and resources whose names match become labels`() async throws {
        let fixture = try await SpanMetricsFixture([
            "dimensions": [["glob": "http.*"], ["name": "zone"]], "exclude_dimensions": ["http.target"],
        ])
        let resource: TestAttributes = ["service.name": "shop", "http.flavor": "2", "zone": "east"]
        try fixture.send(
            resource: resource,
            [
                span(1, ["http.method": "GET", "http.target": "/1", "db.name": "a", "http.status": 200]),
                span(2, ["http.status": 200, "http.target": "/2", "http.method": "GET", "http.method": "PUT"]),
                span(3, ["http.flavor": "3"]), span(4, [:]),
            ])
        fixture.flush()
        let labels = ["http.method", "http.status", "http.flavor", "http.target", "db.name", "zone"]
        let points = try fixture.sink.points().filter { $0.metric == calls }
        let counts = Dictionary(
            uniqueKeysWithValues: points.map { point in (labels.map { point.labels[$0] ?? "-" }, point.count) })
        #expect(
            counts == [
                ["GET", "200", "2", "-", "-", "east"]: 2, ["-", "-", "3", "-", "-", "east"]: 1,
                ["-", "-", "2", "-", "-", "east"]: 1,
            ])
        #expect(fixture.context.metric("otelcol_connector_span_metrics_overflow_spans") == 0)
    }

    @Test func `events have globs of their own, which do not take what is their span's`() async throws {
        let fixture = try await SpanMetricsFixture([
            "dimensions": [["glob": "http.*"]],
            "events": ["enabled": true, "dimensions": [["glob": "exception.*"], ["glob": "h*"]]],
        ])
        let request = ProtobufMessage { request in
            request.message(1) { group in
                group.message(2) { scope in
                    scope.message(2) { message in
                        message.bytes(1, bigEndian(1) + bigEndian(2))
                        message.bytes(2, bigEndian(3))
                        message.attributes(9, ["http.method": "GET"])
                        for type in ["Timeout", "Timeout", "Refused"] {
                            message.message(11) { event in
                                event.attributes(
                                    3, ["exception.type": .string(type), "http.method": "PUT", "host": "a"])
                            }
                        }
                    }
                }
            }
        }
        _ = try fixture.connector.consume(Batch(signal: .traces, requests: request.bytes))
        fixture.flush()
        let counts = try fixture.sink.latest("traces.span.metrics.events", by: "http.method", "exception.type", "host")
        #expect(counts.mapValues(\.count) == [["GET", "Timeout", "a"]: 2, ["GET", "Refused", "a"]: 1])
    }

    @Test func `each metric has its own globs`() async throws {
        let fixture = try await SpanMetricsFixture([
            "calls_dimensions": [["glob": "a.*"]], "histogram": ["dimensions": [["glob": "b.*"]]],
        ])
        try fixture.send([span(1, ["a.x": "1", "b.x": "2"])])
        fixture.flush()
        for point in try fixture.sink.points() {
            #expect((point.labels["a.x"] == "1") == (point.metric == calls))
            #expect((point.labels["b.x"] == "2") == (point.metric != calls))
        }
    }

    @Test func `a series has so many labels by globs at most, and says when there were more`() async throws {
        let fixture = try await SpanMetricsFixture(["dimensions": [["glob": "x.*"]]])
        let many = (10..<40).map { (key: "x.\($0)", value: TestValue.string("v")) }
        try fixture.send([span(1, TestAttributes(many)), span(2, TestAttributes(many.reversed()))])
        try fixture.send([span(3, TestAttributes(Array(many.prefix(16))))])
        // The resource's count as well.
        try fixture.send(resource: TestAttributes(many), [span(4, [:])])
        fixture.flush()
        let points = try fixture.sink.points().filter { $0.metric == calls }
        #expect(points.count == 3)
        for point in points {
            #expect(Set(point.labels.keys.filter { $0.hasPrefix("x.") }) == Set((10..<26).map { "x.\($0)" }))
        }
        #expect(points.filter { $0.labels["otel.metric.overflow"] == "true" }.map(\.count).sorted() == [1, 2])
        #expect(fixture.context.metric("otelcol_connector_span_metrics_overflow_spans") == 3)
    }

    @Test func `names that senders make up without end are folded, and totals stay exact`() async throws {
        let fixture = try await SpanMetricsFixture([
            "dimensions": [["glob": "x.*"]], "dimension_cardinality_limit": 10,
        ])
        for number in UInt64(1)...200 { try fixture.send([span(number, TestAttributes([("x.\(number)", "v")]))]) }
        for number in UInt64(1)...100 { try fixture.send([span(number, ["x.1": .string("\(number)")])]) }
        fixture.flush()
        #expect(try fixture.sink.total(calls) == 300)
        let points = try fixture.sink.points().filter { $0.metric == calls }
        #expect(Set(points.flatMap { $0.labels.keys.filter { $0.hasPrefix("x.") } }).count == 10)
        #expect(points.first { $0.labels["otel.metric.overflow"] == "true" }?.count == 190)
        #expect(points.first { $0.labels["x.1"] == "__other__" }?.count == 91)
        #expect(fixture.context.metric("otelcol_connector_span_metrics_folded_spans") == 281)
    }

    @Test func `mistakes are named`() {
        func problems(_ section: TestConfig) -> [String] { SpanMetricsFactory().read(section).problems }
        #expect(problems(["dimensions": [["glob": "a.*", "name": "b"]]]).first?.contains("keep one of them") == true)
        #expect(problems(["dimensions": [["glob": "[a"]]]).first?.contains("`[a` is no pattern") == true)
        #expect(problems(["dimensions": [["glob": "a.*"], ["name": "a.b"]]]).count == 1)
        #expect(problems(["dimensions": [["name": "a.b"]], "calls_dimensions": [["glob": "a.*"]]]).count == 1)
        #expect(problems(["dimensions": [["glob": "a.*"]], "calls_dimensions": [["name": "a.b"]]]).count == 1)
        #expect(problems(["dimensions": [["glob": "a.*"], ["glob": "a.b*"], ["name": "c"]]]) == [])
        #expect(problems(["dimensions": [[:]]]).count == 1)
    }
}
