import CollectorTestKit
import OTLPWire
import Testing

@Suite struct ServiceGraphPairingTests {
    private typealias Fixture = ServiceGraphFixture

    private func producer(_ trace: UInt64, _ id: UInt64) -> TestSpan { client(trace, id) { $0.kind = .producer } }
    private func consumer(_ trace: UInt64, parent: UInt64) -> TestSpan {
        server(trace, parent: parent) { $0.kind = .consumer }
    }

    private let fanOut: [[String]: UInt64] = [
        ["shop", "mail", "messaging_system", "false"]: 1, ["shop", "stock", "messaging_system", "false"]: 1,
        ["shop", "audit", "messaging_system", "false"]: 1,
    ]

    @Test func `all consumers of a message that came before it was known make edges`() async throws {
        let fixture = try await Fixture()
        for service in ["mail", "stock", "audit"] { try fixture.send(service, consumer(1, parent: 1)) }
        #expect(fixture.context.metric("otelcol_connector_servicegraph_waiting_spans") == 3)
        try fixture.send("shop", producer(1, 1))
        fixture.wait()
        #expect(try fixture.edges("request_total") == fanOut)
        #expect(try fixture.loose("unpaired") == [:])
        #expect(fixture.context.metric("otelcol_connector_servicegraph_total_edges") == 3)
    }

    @Test func `consumers that come after a message make edges until its time is over`() async throws {
        let fixture = try await Fixture(["store": ["ttl": "5s"]])
        try fixture.send("mail", consumer(1, parent: 1))
        try fixture.send("shop", producer(1, 1))
        try fixture.send("stock", consumer(1, parent: 1))
        fixture.wait(.seconds(4))
        try fixture.send("audit", consumer(1, parent: 1))
        #expect(fixture.context.metric("otelcol_connector_servicegraph_waiting_spans") == 0)
        fixture.wait(.seconds(2))
        try fixture.send("late", consumer(1, parent: 1))
        fixture.wait()
        #expect(try fixture.edges("request_total") == fanOut)
        // The producer is not among them, since it was paired.
        #expect(try fixture.loose("unpaired") == [["", "late"]: 1])
        #expect(fixture.context.metric("otelcol_connector_servicegraph_expired_edges") == 1)
    }

    @Test func `servers without their client are each told as unpaired`() async throws {
        let fixture = try await Fixture()
        for service in ["cart", "stock", "cart"] { try fixture.send(service, server(1, parent: 1)) }
        fixture.wait()
        #expect(try fixture.loose("unpaired") == [["", "cart"]: 2, ["", "stock"]: 1])
    }

    @Test(arguments: 0...3) func `a client makes one edge, whenever it comes among servers`(place: Int) async throws {
        let fixture = try await Fixture()
        for number in 0...3 {
            if number == place {
                try fixture.send("shop", client(1, 1))
            } else {
                try fixture.send("cart", server(1, parent: 1))
            }
        }
        fixture.wait()
        #expect(try fixture.edges("request_total") == [["shop", "cart", "", "false"]: 1])
        #expect(try fixture.loose("unpaired") == [["", "cart"]: 2])
    }

    @Test func `messages that were paired make room for spans that wait`() async throws {
        let fixture = try await Fixture(["store": ["max_items": 2]])
        for trace in UInt64(1)...5 {
            try fixture.send("shop", producer(trace, 1))
            try fixture.send("mail", consumer(trace, parent: 1))
        }
        // The latest two are still known, those before are not.
        try fixture.send("stock", consumer(5, parent: 1), consumer(4, parent: 1), consumer(3, parent: 1))
        try fixture.send("shop", client(9, 1), client(9, 2))
        fixture.wait()
        #expect(
            try fixture.edges("request_total")
                == [
                    ["shop", "mail", "messaging_system", "false"]: 5,
                    ["shop", "stock", "messaging_system", "false"]: 2,
                ])
        #expect(try fixture.loose("unpaired") == [["", "stock"]: 1, ["shop", ""]: 1])
        #expect(try fixture.loose("dropped") == [["shop", ""]: 1])
    }

    @Test func `each unpaired or dropped span counts for those that were not kept`() async throws {
        let fixture = try await Fixture(["store": ["max_items": 2]])
        try fixture.send("shop", client(1, 1) { $0.traceState = "ot=th:c" })
        try fixture.send("cart", server(2, parent: 1) { $0.traceState = "ot=th:8" })
        try fixture.send("shop", client(3, 1) { $0.traceState = "ot=th:c" }, client(4, 1))
        fixture.wait()
        #expect(try fixture.loose("unpaired") == [["shop", ""]: 4, ["", "cart"]: 2])
        #expect(try fixture.loose("dropped") == [["shop", ""]: 5])
    }
}
