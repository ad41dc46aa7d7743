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

    @Test("labels take the room they need, whatever their length", arguments: [20, 70, 130, 250, 500])
    func labelRoom(length: Int) {
        let value = [UInt8](repeating: UInt8(ascii: "x"), count: length)
        let names = ["job", "instance", "le"].map { Array($0.utf8) }
        let block = LabelSet(names.map { LabelEntry(key: $0, name: $0, value: value) }).block
        // Malloc rounds up to 16 bytes.
        #expect(block.capacity - block.count < 24)
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

    @Test("a name or unit of more than a kilobyte is refused and counted, a description is cut between two characters")
    func longNames() throws {
        for strategy in TranslationStrategy.allCases {
            let harness = PrometheusHarness { $0.translationStrategy = strategy }
            let long = String(repeating: ".", count: 1024)
            try harness.send(
                TestMetric("a" + long, .gauge([TestNumberPoint(value: 1)])),
                TestMetric("b", unit: "b" + long, .sum([TestNumberPoint(value: 1)])),
                TestMetric("c" + long.dropLast(), .gauge([TestNumberPoint(value: 1)])),
                TestMetric(
                    "d", description: String(repeating: "x", count: 4095) + "\u{e9}y",
                    .gauge([TestNumberPoint(value: 1)])))
            let exposition = try harness.scrape()
            #expect(exposition.families.count == 3, "target_info, c and d")
            #expect(exposition["d"]?.help == String(repeating: "x", count: 4095))
            let dropped = harness.context.account.statement().dropped.filter { $0.count > 0 }
            #expect(dropped.map(\.reason) == ["name_too_long"])
            #expect(dropped.map(\.count) == [2])
            #expect(harness.context.metric("otelcol_exporter_prometheus_conflicts", ["kind": "help"]) == 1)
        }
    }

    @Test("a family is charged for its names in all formats and escapings, once for those that are alike")
    func texts() {
        func size(_ name: String) -> Int {
            FamilyTexts(name: Array(name), kind: .histogram, help: [], unit: nil).size
        }
        #expect((2000..<5000).contains(size("http_server_request_duration_seconds")))
        // Escaping makes four or five bytes of a dot, and a histogram has up to 11 names in a format.
        #expect((200_000..<400_000).contains(size("a" + String(repeating: ".", count: 1023))))
    }

    /// As many resource attributes, and metrics of that resource.
    private func used(_ attributes: Int, _ metrics: Int, _ value: String) throws -> Int {
        let harness = PrometheusHarness { $0.resourceToTelemetry.isEnabled = true }
        let resource = TestAttributes((0..<attributes).map { ("k\($0)", .string(value)) })
        try harness.send(
            metricsRequest(
                resource: resource, (0..<metrics).map { TestMetric("m\($0)", .gauge([TestNumberPoint(value: 1)])) }))
        #expect(try harness.scrape().families.count == metrics + (value.isEmpty || attributes == 0 ? 0 : 1))
        return harness.context.budget.usedBytes
    }

    @Test("attributes without a value take no memory, and a resource's labels are kept once, not for each metric")
    func resourceLabels() throws {
        // Tables grow in steps that keys decide, and keys are secret.
        #expect(try abs(used(1000, 10, "") - used(0, 10, "")) < 2000)
        let perMetric = try (used(1000, 11, "v") - used(1000, 1, "v")) / 10
        // What remains for each is the line itself: `k123="v",`.
        #expect((8000..<20_000).contains(perMetric))
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

    /// A point without labels of its own but a number, so that the same series can come again.
    private func histogram(_ number: Int, _ bounds: [Double]) -> TestMetric {
        let point = TestHistogramPoint(
            attributes: ["n": .int(Int64(number))], bounds: bounds,
            counts: [UInt64](repeating: 1, count: bounds.count + 1),
            sum: 1)
        return TestMetric("h", .histogram([point]))
    }

    private func summary(_ number: Int, _ quantiles: Int) -> [UInt8] {
        let point = ProtobufMessage { point in
            point.fixed64(3, 1_700_000_000_000_000_000)
            point.fixed64(4, 1)
            point.bytes(7, attribute("n", "\(number)"))
            for position in 0..<quantiles {
                let quantile = (Double(position) + Double(number) / 1000) / Double(quantiles + 1)
                point.bytes(6, ProtobufMessage { $0.double(1, quantile) }.bytes)
            }
        }
        let metric = ProtobufMessage { metric in
            metric.bytes(1, Array("s" as StaticString))
            metric.bytes(11, ProtobufMessage { $0.bytes(1, point.bytes) }.bytes)
        }
        let scope = ProtobufMessage { $0.bytes(2, metric.bytes) }
        let resource = ProtobufMessage { $0.bytes(2, scope.bytes) }
        return ProtobufMessage { $0.bytes(1, resource.bytes) }.bytes
    }

    private func attribute(_ key: String, _ value: String) -> [UInt8] {
        ProtobufMessage { entry in
            entry.bytes(1, Array(key.utf8))
            entry.bytes(2, ProtobufMessage { $0.bytes(1, Array(value.utf8)) }.bytes)
        }.bytes
    }

    @Test("series that grow are charged for it, bounds with their texts too; without room they stay as they are")
    func growth() throws {
        let harness = harness(400_000)
        for number in 0..<20 { try harness.send(histogram(number, [1])) }
        let before = harness.context.budget.usedBytes
        for number in 0..<20 {
            try harness.send(histogram(number, (0..<500).map { Double(number) + Double($0) / 7 }))
        }
        let used = harness.context.budget.usedBytes
        #expect((before + 50_000...200_000).contains(used))
        let dropped = harness.context.account.statement().dropped.filter { $0.count > 0 }
        #expect(dropped.map(\.reason) == ["memory_limit"])
        #expect(try harness.scrape().samples("h_count").count == 20)
        #expect(harness.context.account.imbalance == nil)
        harness.context.clock.advance(by: .seconds(61))
        harness.exporter.sweep()
        #expect(harness.context.budget.usedBytes == 0)
    }

    @Test("summaries that grow are charged for it")
    func summaries() throws {
        let harness = harness(400_000)
        for number in 0..<20 { try harness.send(summary(number, 0)) }
        let before = harness.context.budget.usedBytes
        for number in 0..<20 { try harness.send(summary(number, 300)) }
        #expect((before + 50_000...200_000).contains(harness.context.budget.usedBytes))
        let dropped = harness.context.account.statement().dropped.filter { $0.count > 0 }
        #expect(dropped.map(\.reason) == ["memory_limit"])
        harness.context.clock.advance(by: .seconds(61))
        harness.exporter.sweep()
        #expect(harness.context.budget.usedBytes == 0)
    }

    @Test("a point of more than 10,000 buckets or quantiles is refused and counted")
    func manyBuckets() throws {
        let harness = harness(1 << 30)
        try harness.send(histogram(0, (0..<10_000).map(Double.init)))
        try harness.send(histogram(1, (0...10_000).map(Double.init)))
        try harness.send(summary(0, 10_000))
        try harness.send(summary(1, 10_001))
        let dropped = harness.context.account.statement().dropped.filter { $0.count > 0 }
        #expect(dropped.map(\.reason) == ["too_many_buckets"])
        #expect(dropped.map(\.count) == [2])
        #expect(try harness.scrape().samples("h_bucket").count == 10_001)
    }

    @Test("an exponential histogram that does not fit any more keeps what it had")
    func exponential() throws {
        let harness = harness(30_000)
        for number in 0..<8 {
            try harness.send(
                TestExponentialPoint(
                    scale: 8, positive: (Int32(number * 20), [1]), times: (UInt64(number), UInt64(number) + 1)), .delta)
        }
        for number in 0..<20 {
            try harness.send(
                TestExponentialPoint(scale: 0, positive: (0, [UInt64](repeating: 1, count: 300))), name: "h\(number)")
        }
        #expect(harness.context.budget.usedBytes <= 15_000)
        #expect(try harness.scrapeMessages()["h"]?.metrics.first?.count == 8)
    }
}
