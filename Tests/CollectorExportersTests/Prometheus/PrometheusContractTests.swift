import CollectorCore
import CollectorTestKit
import Testing

@testable import CollectorExporters

@Suite struct PrometheusContractTests {
    @Test func `every point is exposed or counted as dropped, and a shutdown needs no start`() async throws {
        let harness = PrometheusHarness()
        for number in 0..<20 {
            try harness.send(
                TestMetric("requests", .sum([.init(value: Double(number))])),
                TestMetric("requests", .gauge([.init(value: 1), .init(value: 2)])),
                TestMetric(
                    "latency", unit: "s", .histogram([.init(bounds: [1], counts: [UInt64(number), 1], sum: 3)])))
            #expect(harness.context.account.imbalance == nil)
        }
        let books = harness.context.account.statement()
        #expect(books.received == 80)
        #expect(books.exposed >= 40)
        await harness.context.clock.shutDown(harness.exporter, within: .seconds(1))
        await harness.context.clock.shutDown(harness.exporter, within: .seconds(1))
        #expect(harness.context.account.imbalance == nil)
    }
}
