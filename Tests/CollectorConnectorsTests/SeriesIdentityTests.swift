import CollectorCore
import CollectorTestKit
import OTLPWire
import Testing

@testable import CollectorConnectors

/// What is counted under random labels, with and without room for them, and when all hashes are the same.
@Suite struct SeriesIdentityTests {
    private static let calls = "traces.span.metrics.calls"
    private static let names = ["a", "b", "ab", "ba", "route", "tenant"]

    /// A span whose labels' values are drawn from few, or from many.
    private func span(_ number: Int, _ random: inout some RandomNumberGenerator) -> (TestSpan, [String: String]) {
        var span = TestSpan(
            .test(UInt64(number + 1)), spanID: 1, duration: .milliseconds(Int64.random(in: 0...50, using: &random)))
        var labels: [String: String] = [:]
        for name in Self.names where Bool.random(using: &random) {
            let few = ["", "x", "y", "xy", "a value of more than eight bytes", "a value of more than eight bytez"]
            let value =
                Bool.random(using: &random)
                ? few.randomElement(using: &random) ?? "" : "v\(Int.random(in: 0...999, using: &random))"
            labels[name] = value
            span.attributes.pairs.append((key: name, value: .string(value)))
        }
        return (span, labels)
    }

    /// - Returns: what was sent, by service and labels, and the points that tell of it.
    private func count(
        _ section: TestConfig, hashMask: UInt64, seed: UInt64
    ) throws -> (sent: [[String: String]: UInt64], points: [ReadPoint]) {
        let (config, problems) = SpanMetricsFactory().read(section)
        try #require(problems == [])
        var counts = SpanCounts(
            config, room: SeriesRoom(TestContext(budgetBytes: 1 << 30).budget), hashMask: hashMask)
        var random = SplitMix(state: seed)
        var sent: [[String: String]: UInt64] = [:]
        for round in 0..<30 {
            let service = "service-\(Int.random(in: 0...4, using: &random))"
            let drawn = (0..<40).map { span(round * 40 + $0, &random) }
            for (_, labels) in drawn {
                sent[labels.merging(["service.name": service]) { $1 }, default: 0] += 1
            }
            let batch = try Batch(
                signal: .traces, requests: tracesRequest(resource: ["service.name": .string(service)], drawn.map(\.0)))
            counts.count(batch)
        }
        let request = counts.request(counts.places()[...], time: 2)
        return (sent, try Batch(signal: .metrics, requests: request).points().filter { $0.metric == Self.calls })
    }

    private static let dimensions: TestConfig = [
        ["name": "a"], ["name": "b"], ["name": "ab"], ["name": "ba"], ["name": "route"], ["name": "tenant"],
    ]

    @Test(arguments: [UInt64.max, 0, 1]) func `each series counts its own spans, even when hashes collide`(
        mask: UInt64
    ) throws {
        let (sent, points) = try count(
            ["dimensions": Self.dimensions, "dimension_cardinality_limit": 0], hashMask: mask, seed: 7)
        var told: [[String: String]: UInt64] = [:]
        for point in points {
            let labels = point.labels.filter { $0.key == "service.name" || Self.names.contains($0.key) }
            #expect(told.updateValue(point.count, forKey: labels) == nil)
        }
        #expect(told == sent)
    }

    @Test(arguments: 1...8) func `whatever is folded, no span is lost, and no two series are alike`(
        seed: UInt64
    ) throws {
        let section: TestConfig = [
            "dimensions": Self.dimensions, "dimension_cardinality_limit": 6,
            "aggregation_cardinality_limit": seed.isMultiple(of: 2) ? 40 : 0,
        ]
        let (sent, points) = try count(section, hashMask: seed.isMultiple(of: 3) ? 3 : .max, seed: seed)
        #expect(points.reduce(0) { $0 + $1.count } == sent.values.reduce(0, +))
        let identities = points.map { point in
            "\(point.resource.sorted { $0.key < $1.key }) \(point.labels.sorted { $0.key < $1.key })"
        }
        #expect(Set(identities).count == identities.count)
        // A label that says its value says the right one: folding only ever moves spans to `__other__`.
        for name in Self.names {
            for service in Set(sent.keys.compactMap { $0["service.name"] }) {
                var shown: [String: UInt64] = [:]
                for point in points where point.labels["service.name"] == service {
                    shown[point.labels[name] ?? "-", default: 0] += point.count
                }
                for (value, count) in shown where value != "__other__" {
                    let all = sent.filter { $0.key["service.name"] == service && ($0.key[name] ?? "-") == value }
                    #expect(count <= all.values.reduce(0, +))
                }
                #expect(Set(shown.keys).subtracting(["-", "__other__"]).count <= 6)
            }
        }
    }

    @Test func `resources whose hashes collide are told apart, in any order of their attributes`() throws {
        let (config, _) = SpanMetricsFactory().read([:])
        var counts = SpanCounts(
            config, room: SeriesRoom(TestContext(budgetBytes: 1 << 30).budget), hashMask: 0)
        let resources: [TestAttributes] = [
            ["service.name": "a", "pod": "1"], ["pod": "1", "service.name": "a"], ["service.name": "a", "pod": "2"],
            ["service.name": "a"],
        ]
        for resource in resources {
            let batch = try Batch(
                signal: .traces, requests: tracesRequest(resource: resource, [TestSpan(.test(1), spanID: 1)]))
            counts.count(batch)
        }
        let points = try Batch(signal: .metrics, requests: counts.request(counts.places()[...], time: 2)).points()
        let told = points.filter { $0.metric == Self.calls }.map { "\($0.resource["pod"] ?? "-"): \($0.count)" }
        #expect(told.sorted() == ["-: 1", "1: 2", "2: 1"])
    }
}

extension SpanCounts {
    fileprivate mutating func count(_ batch: Batch) {
        var reader = reader(seed: 1)
        for segment in batch.segments {
            guard case .traces(let index) = segment.index else { continue }
            let bytes = segment.body.readableBytesUInt8Span
            reader.read(index, bytes) { count(&$0, index, bytes, now: 1, time: 1) }
        }
    }
}

/// Random numbers that are the same in each run.
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        return mixed(state)
    }
}
