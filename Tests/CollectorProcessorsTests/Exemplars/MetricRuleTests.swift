import CollectorCore
import CollectorTestKit
import OTLPWire
import Testing

@Suite struct MetricRuleTests {
    @Test(
        arguments: [
            ("http.server.duration", "ms", "http.method", TestSpan.Kind.server),
            ("http.server.request.duration", "s", "http.request.method", .server),
            ("http.client.duration", "ms", "http.method", .client),
            ("http.client.request.duration", "s", "http.request.method", .client),
            ("rpc.server.duration", "ms", "rpc.system", .server),
            ("rpc.server.call.duration", "s", "rpc.system.name", .server),
            ("rpc.client.duration", "us", "rpc.system", .client),
            ("rpc.client.call.duration", "s", "rpc.system.name", .client),
            ("db.client.operation.duration", "s", "db.system.name", .client),
            ("db.client.operation.duration", "ns", "db.system", .client),
            ("messaging.publish.duration", "s", "messaging.system", .producer),
            ("messaging.receive.duration", "s", "messaging.system", .client),
            ("messaging.process.duration", "s", "messaging.system", .consumer),
            ("messaging.deliver.duration", "s", "messaging.system", .consumer),
            ("messaging.client.operation.duration", "s", "messaging.system", .client),
            ("messaging.client.published.duration", "s", "messaging.system", .producer),
            ("messaging.settle.duration", "s", "messaging.system", .consumer),
        ])
    func `durations of the conventions get exemplars of their own spans only`(
        metric: String, unit: String, marker: String, kind: TestSpan.Kind
    ) throws {
        let fixture = try ExemplarsFixture()
        try fixture.point(sample(), metric: metric, unit: unit)
        let markers = ["http.method", "rpc.system", "db.system", "messaging.system"]
        let families = ["http", "rpc", "db", "messaging"]
        for (number, other) in markers.enumerated() where !marker.hasPrefix(families[number]) {
            try fixture.see(
                TestSpan(.test(UInt64(number)), kind: kind, attributes: TestAttributes([(key: other, value: "x")])))
        }
        #expect(fixture.scrape.offers.isEmpty)
        try fixture.see(
            TestSpan(
                .test(9), kind: kind, duration: .milliseconds(2),
                attributes: TestAttributes([(key: marker, value: "x")])))
        let perMillisecond: [String: Double] = ["s": 0.001, "ms": 1, "us": 1e3, "ns": 1e6]
        let scale = try #require(perMillisecond[unit])
        #expect(fixture.scrape.offers.map(\.value) == [2 * scale])
    }

    @Test(arguments: [
        "db.client.connection.wait_time", "db.client.connections.use_time", "http.server.active_requests",
        "queue.duration",
    ])
    func `metrics that no convention ties to spans are left alone`(metric: String) throws {
        let fixture = try ExemplarsFixture()
        try fixture.point(sample(), metric: metric)
        try fixture.see(TestSpan(.test(1), kind: .server), TestSpan(.test(2), kind: .client))
        #expect(fixture.scrape.offers.isEmpty)
    }

    @Test(arguments: [
        ("grpc.server.call.duration", TestSpan.Kind.server), ("grpc.client.attempt.duration", .client),
    ])
    func `a library's own durations tell the side of the call`(metric: String, kind: TestSpan.Kind) throws {
        let fixture = try ExemplarsFixture()
        try fixture.point(sample(), metric: metric)
        try fixture.see(TestSpan(.test(1), kind: kind), TestSpan(.test(2), kind: .internal))
        #expect(fixture.scrape.offers.map(\.traceID) == [.test(1)])
    }

    @Test(
        arguments: [
            (["metric_name": "orders.*"], true), (["metric_names": ["x", "orders.duration"]], true),
            (["metric_name": "orders", "match_type": "strict"], false),
            (["metric_name": "orders", "match_type": "regexp"], true),
            (["metric_name": "^ord[a-z]{2,5}[.]dur", "match_type": "regexp"], true),
            (["metric_names": ["^duration", "^orders$"], "match_type": "regexp"], false),
        ] as [(TestConfig, Bool)])
    func `metrics are named by whole names, stars or regular expressions`(include: TestConfig, isIncluded: Bool) throws
    {
        let fixture = try ExemplarsFixture(["include": include])
        try fixture.point(sample(), metric: "orders.duration")
        try fixture.see(TestSpan(.test(1), kind: .internal))
        #expect(fixture.scrape.offers.count == (isIncluded ? 1 : 0))
    }

    @Test func `a rule of one's own says kinds and attributes`() throws {
        let fixture = try ExemplarsFixture([
            "match": [
                [
                    "metric_name": "orders.*", "span_kind": ["internal", "CONSUMER"],
                    "attributes": ["type": "order.type"],
                ]
            ]
        ])
        try fixture.point(sample(attributes: ["type": "book", "region": "north"]), metric: "orders.duration")
        let book: TestAttributes = ["order.type": "book", "region": "south"]
        try fixture.see(
            TestSpan(.test(1), kind: .server, attributes: book), TestSpan(.test(2), kind: .internal),
            TestSpan(.test(3), kind: .internal, attributes: ["order.type": "shoe"]),
            TestSpan(.test(4), kind: .internal, duration: .milliseconds(5), attributes: book),
            TestSpan(.test(5), kind: .consumer, duration: .milliseconds(50), attributes: book))
        #expect(fixture.scrape.offers.map(\.traceID) == [.test(4), .test(5)])
    }

    @Test func `a listed attribute must be on the point too`() throws {
        let fixture = try ExemplarsFixture(["match": [["metric_name": "orders", "attributes": ["type"]]]])
        try fixture.point(sample(), sample(attributes: ["type": "book"]), metric: "orders")
        try fixture.see(TestSpan(.test(1)), TestSpan(.test(2), attributes: ["type": "book"]))
        #expect(fixture.scrape.offers.map(\.traceID) == [.test(2)])
    }

    @Test func `a span attribute can be the value`() throws {
        let fixture = try ExemplarsFixture(["match": [["metric_name": "order.total", "value": "order.total"]]])
        try fixture.point(sample(), metric: "order.total", unit: "EUR")
        try fixture.see(
            TestSpan(.test(1), attributes: ["order.total": 42]), TestSpan(.test(2), attributes: ["order.total": 420.5]),
            TestSpan(.test(3), attributes: ["order.total": "much"]), TestSpan(.test(4)))
        #expect(fixture.scrape.offers.map(\.value) == [42, 420.5])
    }

    @Test func `rules stand beside the conventions`() throws {
        let fixture = try ExemplarsFixture(["match": [["metric_name": "orders", "span_kind": "internal"]]])
        try fixture.point(sample())
        try fixture.point(sample(), metric: "orders")
        try fixture.see(TestSpan(.test(1)), TestSpan(.test(2), kind: .internal))
        #expect(fixture.scrape.offers.map(\.traceID) == [.test(1), .test(2)])
    }
}
