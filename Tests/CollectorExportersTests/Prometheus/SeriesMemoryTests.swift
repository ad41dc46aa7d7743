import CollectorCore
import CollectorTestKit
import Testing

@testable import CollectorExporters

@Suite("prometheus, memory of series")
struct SeriesMemoryTests {
    private func gauge(_ label: String, name: String = "g") -> TestMetric {
        TestMetric(name, .gauge([TestNumberPoint(attributes: ["k": .string(label)], value: 1)]))
    }

    private func harness(_ budget: Int) -> PrometheusHarness {
        PrometheusHarness(budgetBytes: budget) { $0.expirations.standard = .seconds(60) }
    }

    @Test("an explosion of labels fills half of the budget and no more; known series go on, the rest is counted")
    func explosion() throws {
        let harness = harness(400_000)
        for number in 0..<2000 { try harness.send(gauge("\(number)")) }
        let shown = try harness.scrape().samples("g").count
        #expect((50..<400).contains(shown))
        #expect(harness.context.budget.usedBytes <= 200_000)
        #expect(
            harness.context.metric("otelcol_exporter_prometheus_series_bytes")
                == Double(harness.context.budget.usedBytes))
        let books = harness.context.account.statement()
        #expect(books.dropped.filter { $0.count > 0 }.map(\.reason) == ["memory_limit"])
        #expect(books.dropped.map(\.count).reduce(0, +) == 2000 - shown)
        #expect(harness.context.account.imbalance == nil)
        try harness.send(gauge("0"))
        #expect(harness.context.account.statement().exposed == shown + 1)
    }

    @Test("new names and new resources cannot pass the bound either")
    func namesAndResources() throws {
        for number in 0..<2 {
            let harness = harness(400_000)
            for index in 0..<1000 {
                let label = String(repeating: "x", count: 300) + "\(index)"
                if number == 0 {
                    try harness.send(gauge("a", name: label))
                } else {
                    try harness.send(resource: ["host.name": .string(label)], gauge("a"))
                }
            }
            #expect(harness.context.budget.usedBytes <= 200_000)
            #expect(harness.context.account.imbalance == nil)
            _ = try harness.scrape()
        }
    }

    @Test("exemplars are charged; without room the series goes on without them")
    func exemplars() throws {
        let harness = harness(40_000)
        func send(_ bucket: Int) throws {
            let bounds = (1...100).map(Double.init)
            let exemplar = TestExemplar(.init(high: 1, low: UInt64(bucket)), value: Double(bucket) + 0.5)
            let point = TestHistogramPoint(
                bounds: bounds, counts: [UInt64](repeating: 1, count: 101), sum: 1, exemplars: [exemplar])
            try harness.send(TestMetric("h", .histogram([point])))
        }
        for bucket in 0..<100 { try send(bucket) }
        let shown = try harness.scrape().samples("h_bucket").filter { $0.exemplar != nil }.count
        #expect((5..<100).contains(shown))
        #expect(
            harness.context.metric("otelcol_exporter_prometheus_conflicts", ["kind": "exemplar_memory"])
                == Double(100 - shown))
        #expect(harness.context.budget.usedBytes <= 20_000)
    }

    @Test("what goes gives its memory back, to the last byte")
    func release() throws {
        let harness = harness(1 << 20)
        for number in 0..<200 {
            let exemplar = TestExemplar(.init(high: 1, low: 1), value: 1)
            try harness.send(
                resource: ["host.name": .string("\(number % 7)")], gauge("\(number)", name: "g\(number % 5)"),
                TestMetric("c", .sum([TestNumberPoint(value: 1, exemplars: [exemplar])])))
            try harness.send(TestExponentialPoint(scale: 0, positive: (0, [1, 2, 3])))
        }
        #expect(harness.context.budget.usedBytes > 0)
        harness.context.clock.advance(by: .seconds(61))
        harness.exporter.sweep()
        #expect(harness.context.budget.usedBytes == 0)
        for number in 0..<50 { try harness.send(gauge("\(number)")) }
        #expect(try harness.scrape().samples("g").count == 50)
    }
}
