import CollectorConnectors
import CollectorCore
import CollectorTestKit
import OTLPWire
import Testing

@Suite struct ServiceGraphTests {
    private typealias Fixture = ServiceGraphFixture

    @Test func `a client's and a server's span make an edge, in whichever order and request they come`() async throws {
        let fixture = try await Fixture()
        try fixture.send("shop", client(1, 1))
        fixture.wait(.seconds(1))
        try fixture.send("cart", server(1, parent: 1))
        try fixture.send("cart", server(2, parent: 5))
        try fixture.send("shop", client(2, 5), client(3, 5))
        try fixture.send("cart", server(3, parent: 5) { $0.statusCode = 2 })
        fixture.wait()
        #expect(
            try fixture.edges("request_total")
                == [["shop", "cart", "", "false"]: 2, ["shop", "cart", "", "true"]: 1])
        #expect(try fixture.edges("request_failed_total") == [["shop", "cart", "", "true"]: 1])
        let points = try fixture.sink.points()
        let seenByServer = try #require(
            points.first { $0.metric == "traces_service_graph_request_server" && $0.count == 2 })
        #expect(seenByServer.sum == 0.04 && seenByServer.unit == "s" && seenByServer.bounds.first == 0.002)
        let seenByClient = try #require(
            points.first { $0.metric == "traces_service_graph_request_client" && $0.count == 2 })
        #expect(seenByClient.sum == 0.06)
        #expect(fixture.context.metric("otelcol_connector_servicegraph_waiting_spans") == 0)
        #expect(fixture.context.account.imbalance == nil)
    }

    @Test func `producers and consumers are connected by messaging`() async throws {
        let fixture = try await Fixture()
        try fixture.send("shop", client(1, 1) { $0.kind = .producer })
        try fixture.send("mail", server(1, parent: 1) { $0.kind = .consumer })
        fixture.wait()
        #expect(try fixture.edges("request_total") == [["shop", "mail", "messaging_system", "false"]: 1])
    }

    @Test func `databases, outside peers and users are nodes although they send no spans`() async throws {
        let fixture = try await Fixture(["virtual_node_extra_label": true])
        try fixture.send("shop", client(1, 1) { $0.attributes = ["db.name": "orders", "db.system": "mysql"] })
        try fixture.send("shop", client(1, 2) { $0.attributes = ["peer.service": "bank"] })
        try fixture.send("shop", client(1, 3) { $0.attributes = ["db.system": "redis"] })
        try fixture.send("shop", TestSpan(.test(1), spanID: 9, kind: .server))
        fixture.wait()
        #expect(
            try fixture.edges("request_total")
                == [
                    ["shop", "orders", "database", "false"]: 1, ["shop", "bank", "virtual_node", "false"]: 1,
                    ["shop", "redis", "virtual_node", "false"]: 1, ["user", "shop", "virtual_node", "false"]: 1,
                ])
        // What nobody measured is not told.
        #expect(try fixture.edges("request_server")[["shop", "bank", "virtual_node", "false"]] == nil)
        #expect(try fixture.edges("request_server")[["shop", "orders", "database", "false"]] == 1)
        let user = try fixture.sink.latest("traces_service_graph_request_total", by: "client", "virtual_node")
        #expect(user[["user", "client"]]?.count == 1 && user[["shop", "server"]] != nil)
    }

    @Test func `databases and peers are found by today's conventions as well`() async throws {
        let fixture = try await Fixture()
        let calls: [TestAttributes] = [
            ["db.system.name": "postgresql", "db.namespace": "orders", "server.address": "db-1"],
            // Redis numbers its databases.
            ["db.system.name": "redis", "db.namespace": "0", "server.address": "cache-1"],
            ["db.system.name": "mongodb", "server.address": "db-2"],
            ["service.peer.name": "bank", "server.address": "10.0.0.7"],
            ["peer.service": "mint", "server.address": "10.0.0.8"],
            ["server.address": "example.com", "http.request.method": "GET"],
            // Both at once, as while a service changes over: as it was.
            ["db.system": "mysql", "db.name": "users", "db.system.name": "mysql", "db.namespace": "other"],
        ]
        for (number, attributes) in calls.enumerated() {
            try fixture.send("shop", client(1, UInt64(number + 1)) { $0.attributes = attributes })
        }
        fixture.wait()
        #expect(
            try fixture.edges("request_total")
                == [
                    ["shop", "orders", "database", "false"]: 1, ["shop", "redis", "virtual_node", "false"]: 1,
                    ["shop", "mongodb", "virtual_node", "false"]: 1, ["shop", "bank", "virtual_node", "false"]: 1,
                    ["shop", "mint", "virtual_node", "false"]: 1, ["shop", "example.com", "virtual_node", "false"]: 1,
                    ["shop", "users", "database", "false"]: 1,
                ])
    }

    @Test func `the server's span decides although the client names a host`() async throws {
        let fixture = try await Fixture()
        try fixture.send("shop", client(1, 1) { $0.attributes = ["server.address": "cart.internal"] })
        try fixture.send("cart", server(1, parent: 1))
        fixture.wait()
        #expect(try fixture.edges("request_total") == [["shop", "cart", "", "false"]: 1])
    }

    @Test func `services beyond the limit whose spans are unpaired or dropped are told as overflow`() async throws {
        let fixture = try await Fixture(["aggregation_cardinality_limit": 3, "store": ["max_items": 10]])
        for number in 1...30 { try fixture.send("half-\(number)", client(UInt64(number), 1)) }
        fixture.wait()
        for (metric, counts) in [("unpaired", (1, 7)), ("dropped", (1, 17))] {
            let points = try fixture.sink.latest(
                "traces_service_graph_\(metric)_spans_total", by: "client", "server", "otel.metric.overflow")
            #expect(points.count == 4)
            #expect(points[["-", "-", "true"]]?.count == UInt64(counts.1))
            #expect(points.filter { $0.key[0] != "-" }.allSatisfy { $0.key[2] == "-" && $0.value.count == counts.0 })
        }
    }

    @Test func `what is told of unpaired and dropped spans is within the byte budget, and is forgotten`() async throws {
        let fixture = try await Fixture(["store": ["max_items": 5000]], budgetBytes: 600_000)
        for number in 1...5000 {
            try fixture.send("a-service-with-quite-a-long-name-\(number)", client(UInt64(number), 1))
        }
        fixture.wait()
        let lists = try ["unpaired", "dropped"].map {
            try fixture.sink.latest("traces_service_graph_\($0)_spans_total", by: "client", "otel.metric.overflow")
        }
        #expect(lists.joined().reduce(0) { $0 + $1.value.count } == 5000)
        #expect(lists.joined().count < 2500)
        let used = fixture.context.budget.usedBytes
        #expect(used <= 600_000 && used > 100_000)
        fixture.sink.clear()
        fixture.wait(.seconds(1000))
        fixture.sink.clear()
        fixture.wait(.seconds(60))
        let rest = try fixture.sink.points()
        #expect(rest.allSatisfy { $0.labels == ["otel.metric.overflow": "true"] })
        #expect(fixture.context.budget.usedBytes < 200_000)
    }

    @Test func `many edges are told in pieces, each once, while others come`() async throws {
        let fixture = try await Fixture()
        for number in 1...2500 {
            try fixture.send("shop-\(number)", client(UInt64(number), 1) { $0.attributes = ["db.name": "orders"] })
        }
        fixture.wait()
        #expect(fixture.sink.batches.count == 3)
        #expect(try fixture.edges("request_total").count == 2500)
        #expect(try fixture.sink.points().filter { $0.metric == "traces_service_graph_request_total" }.count == 2500)
    }

    @Test func `spans whose counterpart does not come in time are unpaired`() async throws {
        let fixture = try await Fixture(["store": ["ttl": "5s"]])
        try fixture.send("shop", client(1, 1))
        try fixture.send("cart", server(2, parent: 7))
        fixture.wait(.seconds(6))
        try fixture.send("cart", server(1, parent: 1))
        fixture.wait()
        #expect(try fixture.edges("request_total") == [:])
        let unpaired = try fixture.sink.latest("traces_service_graph_unpaired_spans_total", by: "client", "server")
        #expect(unpaired.mapValues(\.count) == [["shop", ""]: 1, ["", "cart"]: 2])
        #expect(fixture.context.metric("otelcol_connector_servicegraph_expired_edges") == 3)
    }

    @Test func `spans there is no room for are counted`() async throws {
        let fixture = try await Fixture(["store": ["max_items": 2]])
        for number in 1...5 { try fixture.send("shop", client(UInt64(number), 1)) }
        // The two that wait are not pushed out.
        try fixture.send("cart", server(1, parent: 1), server(2, parent: 1))
        fixture.wait()
        #expect(try fixture.edges("request_total").values.reduce(0, +) == 2)
        let dropped = try fixture.sink.latest("traces_service_graph_dropped_spans_total", by: "client", "server")
        #expect(dropped.mapValues(\.count) == [["shop", ""]: 3])
    }

    @Test func `labels come from both sides`() async throws {
        let fixture = try await Fixture(["dimensions": ["zone", "host"]])
        try fixture.send("shop", client(1, 1), attributes: ["zone": "east"])
        try fixture.send("cart", server(1, parent: 1) { $0.attributes = ["zone": "west", "host": 7] })
        fixture.wait()
        let labels = try #require(try fixture.sink.points().first?.labels)
        #expect(
            labels == [
                "client": "shop", "server": "cart", "connection_type": "", "failed": "false", "client_zone": "east",
                "server_zone": "west", "server_host": "7",
            ])
    }

    @Test func `durations are exponential histograms when their size is given`() async throws {
        let fixture = try await Fixture(["exponential_histogram_max_size": 4])
        for number in UInt64(1)...9 {
            try fixture.send("shop", client(number, 1) { $0.duration = .milliseconds(Int64(number * number * number)) })
            try fixture.send("cart", server(number, parent: 1))
        }
        fixture.wait()
        let points = try fixture.sink.points()
        let seenByClient = try #require(points.first { $0.metric == "traces_service_graph_request_client" })
        #expect(seenByClient.count == 9 && seenByClient.buckets.reduce(0, +) == 9 && seenByClient.bounds.isEmpty)
        #expect(seenByClient.buckets.count <= 4 && abs(seenByClient.sum - 2.025) < 1e-9)
        let seenByServer = try #require(points.first { $0.metric == "traces_service_graph_request_server" })
        #expect(seenByServer.buckets == [9])
    }

    @Test func `edges beyond the limit are counted together`() async throws {
        let fixture = try await Fixture(["aggregation_cardinality_limit": 3])
        for number in 1...10 {
            try fixture.send("shop-\(number)", client(UInt64(number), 1))
            try fixture.send("cart", server(UInt64(number), parent: 1))
        }
        fixture.wait()
        #expect(try fixture.sink.total("traces_service_graph_request_total") == 10)
        let overflow = try fixture.sink.latest("traces_service_graph_request_total", by: "otel.metric.overflow")
        #expect(overflow[["true"]]?.count == 7)
    }

    @Test func `failed requests over edges beyond the limit are told as failed`() async throws {
        let fixture = try await Fixture(["aggregation_cardinality_limit": 3])
        for number in UInt64(1)...10 {
            try fixture.send("shop-\(number)", client(number, 1))
            try fixture.send("cart", server(number, parent: 1) { $0.statusCode = number > 2 ? 2 : 0 })
        }
        fixture.wait()
        #expect(try fixture.sink.total("traces_service_graph_request_failed_total") == 8)
        for (metric, count) in [("request_total", 7), ("request_failed_total", 7)] {
            let points = try fixture.sink.latest("traces_service_graph_\(metric)", by: "client", "otel.metric.overflow")
            #expect(points[["-", "true"]]?.count == UInt64(count))
        }
    }

    @Test func `an interval of zero sends after each request, and a shutdown waits for nobody`() async throws {
        let fixture = try await Fixture(["metrics_flush_interval": "0s", "store": ["ttl": "1h"]])
        try fixture.send("shop", client(1, 1) { $0.attributes = ["peer.service": "bank"] })
        try fixture.send("shop", client(1, 2), client(2, 3))
        try fixture.send("cart", server(1, parent: 2))
        #expect(try fixture.edges("request_total") == [["shop", "cart", "", "false"]: 1])
        await fixture.context.clock.shutDown(fixture.connector, within: .seconds(1))
        #expect(try fixture.edges("request_total")[["shop", "bank", "virtual_node", "false"]] == 1)
    }

    @Test func `edges without requests for a quarter of an hour are forgotten`() async throws {
        let fixture = try await Fixture()
        try fixture.send("shop", client(1, 1))
        try fixture.send("cart", server(1, parent: 1))
        fixture.wait(.seconds(600))
        #expect(try fixture.edges("request_total").count == 1)
        fixture.wait(.seconds(400))
        fixture.sink.clear()
        fixture.wait(.seconds(120))
        #expect(fixture.sink.itemCount == 0)
    }

    @Test func `requests that were sampled count for those that were not kept`() async throws {
        let fixture = try await Fixture()
        try fixture.send("shop", client(1, 1) { $0.traceState = "ot=th:c" })
        try fixture.send("cart", server(1, parent: 1) { $0.traceState = "ot=th:c" })
        fixture.wait()
        #expect(try fixture.edges("request_total").values.first == 4)
    }

    @Test func `mistakes in the configuration are named`() {
        func problems(_ section: TestConfig) -> [String] { ServiceGraphFactory().read(section).problems }
        #expect(problems(["store": ["max_items": 0]]).count == 1)
        #expect(
            problems(["exponential_histogram_max_size": 160, "latency_histogram_buckets": ["1s"]]).first?
                .contains("keep one of them") == true)
        #expect(problems(["dimensions": ["a", "a"]]).count == 1)
        #expect(problems(["latency_histogram_buckets": ["1s", "1s"]]).count == 1)
    }
}
