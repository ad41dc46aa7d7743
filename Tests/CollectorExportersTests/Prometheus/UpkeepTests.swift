import CollectorTestKit
import Testing

@testable import CollectorExporters

@Suite("prometheus, what expires")
struct UpkeepTests {
    /// Points that look the same: what is empty is no label.
    private func alike(_ count: Int) -> TestMetric {
        TestMetric("g", .gauge((0..<count).map { TestNumberPoint(attributes: ["n\($0)": .string("")], value: 1) }))
    }

    @Test("streams of one line go in one pass, in whatever order they stand there")
    func sharedLine() throws {
        let harness = PrometheusHarness { $0.expirations.standard = .seconds(10) }
        let clock = ContinuousClock()
        // Keeps the family.
        let other = TestMetric("g", .gauge([TestNumberPoint(attributes: ["n": "1"], value: 1)]))
        try harness.send(other)
        // The second time places are used in the reverse order.
        for _ in 0..<2 {
            try harness.send(alike(20_000))
            #expect(try harness.scrape().samples("g").count == 2)
            harness.context.clock.advance(by: .seconds(11))
            try harness.send(other)
            #expect(clock.measure { harness.exporter.sweep() } < .seconds(2))
            #expect(try harness.scrape().samples("g").count == 1)
        }
        harness.context.clock.advance(by: .seconds(11))
        harness.exporter.sweep()
        #expect(harness.context.budget.usedBytes == 0)
    }

    @Test("of many families that go at once a few go at a time, so that others get in between")
    func manyFamilies() async throws {
        let harness = PrometheusHarness { $0.expirations.standard = .seconds(10) }
        for part in 0..<20 {
            let metrics = (0..<100).map { TestMetric("m\(part).\($0)", .gauge([TestNumberPoint(value: 1)])) }
            try harness.send(metricsRequest(resource: ["service.name": "shop"], metrics))
        }
        harness.context.clock.advance(by: .seconds(11))
        try harness.send(TestMetric("alive", .gauge([TestNumberPoint(value: 1)])))
        // Looks until all are gone.
        let watcher = Task.detached { [store = harness.exporter.store] in
            var counts: Set<Int> = []
            while counts.insert(store.catalogue.withLock { $0.entries.count }).inserted || !counts.contains(1) {}
            return counts
        }
        harness.exporter.sweep()
        #expect(await watcher.value.contains { $0 > 1 && $0 < 2001 })
        #expect(try harness.scrape().families.map(\.name) == ["target", "alive"])
    }
}
