import CollectorTestKit
import OTLPWire
import Testing

@testable import CollectorExporters

@Suite("prometheus, hostile metrics")
struct PrometheusFuzzTests {
    private static let words = [
        "", "_", "__", "a", "a_b", "a.b", "a-b", "x", "x_total", "x.total", "total", "x_created", "x_count", "x_bucket",
        "x_sum", "le",
        "quantile", "job", "instance", "__name__", "otel_scope_name", "target", "target_info", "1", "1x", "é", "名",
        "a:b", "a\nb",
        "._name_.", " name ", ".__", "_.le", "U__a_2e_b", "exported_le", "otel.scope.name", "...",
        "a\"b", "a\\b", "a\u{0}b", "# EOF", "x{y=\"z\"} 1", String(repeating: "w", count: 200),
    ]
    private static let numbers: [Double] = [
        0, 1, -1, 0.5, 1e300, -1e300, .leastNonzeroMagnitude, .nan, .infinity, -.infinity, 1e16, 3, 100, -0.0,
    ]
    private static let units = ["", "1", "s", "By", "By/s", "{x}", "s{y}", "%", "\"", "\n", "é", "1/", "/", "total"]

    @Test("whatever arrives, every scrape is valid in every format and the books balance", arguments: 0..<30)
    func everyScrapeIsValid(seed: UInt64) throws {
        var random = Seeded(state: seed)
        let harness = PrometheusHarness(budgetBytes: seed % 6 == 5 ? 200_000 : 1 << 30) { config in
            config.translationStrategy = TranslationStrategy.allCases[Int(seed % 4)]
            config.withoutScopeInfo = seed % 3 == 0
            config.showsCreatedTimestamps = seed % 2 == 0
            config.sendsTimestamps = seed % 5 == 0
            config.resourceToTelemetry.isEnabled = seed % 7 == 0
            config.namespace = seed % 11 == 0 ? "my.app" : ""
            config.expirations.standard = .seconds(20)
            config.reportsOmissions = seed % 3 != 1
            config.nonMonotonicDeltas = seed % 3 == 1 ? .accumulate : .drop
        }
        for _ in 0..<6 {
            let resource = attributes(&random)
            try harness.send(
                metricsRequest(
                    resource: resource, scope: word(&random), (0..<12).map { _ in metric(&random) }))
            for _ in 0..<4 {
                try harness.send(
                    exponentialPoint(&random), Bool.random(using: &random) ? .delta : .cumulative, name: word(&random),
                    unit: Self.units.randomElement(using: &random) ?? "", host: Bool.random(using: &random) ? "a" : "b")
            }
            harness.context.clock.advance(by: .seconds(Int64.random(in: 0...8, using: &random)))
            if Bool.random(using: &random) { harness.exporter.sweep() }
            for escaping in EscapingScheme.allCases {
                _ = try harness.scrape(escaping: escaping.rawValue)
                _ = try harness.scrape(openMetrics: false, escaping: escaping.rawValue)
                _ = try harness.scrapeMessages(escaping: escaping.rawValue)
            }
        }
        #expect(harness.context.account.imbalance == nil)
    }

    @Test("ten thousand attributes that become one label are one label", .timeLimit(.minutes(1)))
    func collidingLabels() throws {
        let harness = PrometheusHarness()
        let pairs = (0..<10_000).compactMap { number in
            UnicodeScalar(UInt32(0x4e00 + number)).map { (key: "a\($0)", value: TestValue.string("\(number)")) }
        }
        try harness.send(TestMetric("g", .gauge([TestNumberPoint(attributes: TestAttributes(pairs), value: 1)])))
        let labels = try #require(try harness.scrape().samples("g").first).labels
        #expect(labels.map(\.name) == ["a_", "job", "otel_scope_name"])
        #expect(labels.first?.value.split(separator: ";").count == 10_000)
        #expect(harness.context.metric("otelcol_exporter_prometheus_conflicts", ["kind": "label"]) == 9_999)
    }

    @Test("many types that fight for a name leave it to the first; nothing else is lost, all is counted")
    func fightingTypes() throws {
        let harness = PrometheusHarness()
        let number = [TestNumberPoint(value: 1)]
        try harness.send(TestMetric("x", .gauge(number)))
        for round in 0..<250 {
            try harness.send(
                resource: ["host.name": .string("\(round)")],
                TestMetric("x", .histogram([.init(bounds: [1], counts: [1, 0])])),
                TestMetric("good", .sum(number)))
            try harness.send(TestExponentialPoint(scale: 0, positive: (0, [1])), name: "x", host: "\(round)")
        }
        let exposition = try harness.scrape()
        #expect(exposition["x"]?.type == "gauge")
        #expect(exposition.samples("good_total").map(\.value) == [250])
        let books = harness.context.account.statement()
        #expect(books.dropped.filter { $0.count > 0 }.map(\.reason) == ["type_conflict"])
        #expect(books.dropped.map(\.count).reduce(0, +) == 500)
        #expect(harness.context.account.imbalance == nil)
    }

    private func word(_ random: inout Seeded) -> String { Self.words.randomElement(using: &random) ?? "" }
    private func number(_ random: inout Seeded) -> Double { Self.numbers.randomElement(using: &random) ?? 0 }

    private func attributes(_ random: inout Seeded) -> TestAttributes {
        let pairs: [(key: String, value: TestValue)] = (0..<Int.random(in: 0...4, using: &random)).map { _ in
            let value: TestValue =
                switch Int.random(in: 0...4, using: &random) {
                case 0: .int(Int64.random(in: -3...3, using: &random))
                case 1: .double(number(&random))
                case 2: .bool(true)
                case 3: .empty
                default: .string(word(&random))
                }
            return (word(&random), value)
        }
        return TestAttributes(pairs)
    }

    private func exemplars(_ random: inout Seeded) -> [TestExemplar] {
        (0..<Int.random(in: 0...3, using: &random)).map { _ in
            let trace = Bool.random(using: &random) ? TraceID(high: 1, low: random.next()) : nil
            return TestExemplar(
                trace, value: number(&random), time: UInt64.random(in: 0...3, using: &random),
                filteredAttributes: attributes(&random))
        }
    }

    private func exponentialPoint(_ random: inout Seeded) -> TestExponentialPoint {
        func buckets(_ random: inout Seeded) -> (Int32, [UInt64]) {
            let offsets: [Int32] = [0, 1, -1, 5, -7, 300, -2000, 262_143, .max, .min]
            let counts = (0..<Int.random(in: 0...6, using: &random)).map { _ in
                [0, 0, 1, 2, 5, 1 << 40, UInt64(Int64.max), .max].randomElement(using: &random) ?? 0
            }
            return (offsets.randomElement(using: &random) ?? 0, counts)
        }
        var point = TestExponentialPoint(
            scale: [0, 1, 2, 8, 9, 20, -3, -4, -5, -10, -11, .min, .max].randomElement(using: &random) ?? 0,
            zeroCount: UInt64.random(in: 0...3, using: &random), positive: buckets(&random), negative: buckets(&random),
            sum: Bool.random(using: &random) ? number(&random) : nil)
        point.zeroThreshold = Bool.random(using: &random) ? 0 : number(&random)
        point.times = (UInt64.random(in: 0...3, using: &random), UInt64.random(in: 0...5, using: &random))
        point.hasNoValue = Int.random(in: 0...9, using: &random) == 0
        point.exemplars = (0..<Int.random(in: 0...3, using: &random)).map { _ in
            (random.next(), number(&random), UInt64.random(in: 0...3, using: &random))
        }
        if Bool.random(using: &random) { point.count = UInt64.random(in: 0...20, using: &random) }
        return point
    }

    private func metric(_ random: inout Seeded) -> TestMetric {
        let temporality: TestTemporality = Bool.random(using: &random) ? .delta : .cumulative
        let unit = Self.units.randomElement(using: &random) ?? ""
        let data: TestMetric.Data
        switch Int.random(in: 0...3, using: &random) {
        case 0: data = .gauge(points(&random))
        case 1: data = .sum(points(&random), temporality, isMonotonic: Bool.random(using: &random))
        default:
            data = .histogram(
                (0..<3).map { _ in
                    let count = Int.random(in: 0...4, using: &random)
                    let bounds = (0..<count).map { _ in number(&random) }
                    return TestHistogramPoint(
                        attributes: attributes(&random),
                        bounds: Bool.random(using: &random) ? Array(Set(bounds.filter { !$0.isNaN })).sorted() : bounds,
                        counts: (0..<(count + Int.random(in: 0...1, using: &random))).map { _ in
                            UInt64.random(in: 0...3, using: &random)
                        },
                        sum: Bool.random(using: &random) ? number(&random) : nil,
                        start: UInt64.random(in: 0...3, using: &random),
                        time: UInt64.random(in: 0...5, using: &random), exemplars: exemplars(&random))
                }, temporality)
        }
        return TestMetric(word(&random), description: word(&random), unit: unit, data)
    }

    private func points(_ random: inout Seeded) -> [TestNumberPoint] {
        (0..<3).map { _ in
            TestNumberPoint(
                attributes: attributes(&random), value: number(&random),
                start: UInt64.random(in: 0...3, using: &random),
                time: UInt64.random(in: 0...5, using: &random), exemplars: exemplars(&random))
        }
    }
}
