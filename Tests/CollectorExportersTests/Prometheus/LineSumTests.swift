import CollectorCore
import CollectorTestKit
import OTLPWire
import Testing

@testable import CollectorExporters

private let second: UInt64 = 1_000_000_000
private let start: UInt64 = 1_700_000_000 * second

/// Several streams that look the same to a scraper: processes of one job without instance ids.
@Suite("prometheus, lines of several streams")
struct LineSumTests {
    private let harness = PrometheusHarness {
        $0.expirations.standard = .seconds(10)
        $0.showsCreatedTimestamps = true
    }

    private func count(_ process: Int, _ value: Double, _ time: UInt64, began: UInt64 = 0) throws {
        let point = TestNumberPoint(value: value, start: start + began * second, time: start + time * second)
        try harness.send(
            resource: ["service.name": "shop", "process.pid": .int(Int64(process))], TestMetric("c", .sum([point])))
    }

    private func observe(
        _ process: Int, _ bounds: [Double], _ counts: [UInt64], _ time: UInt64, _ exemplars: [TestExemplar] = []
    ) throws {
        let point = TestHistogramPoint(
            bounds: bounds, counts: counts, sum: 1, start: start, time: start + time * second, exemplars: exemplars)
        try harness.send(
            resource: ["service.name": "shop", "process.pid": .int(Int64(process))],
            TestMetric("h", .histogram([point])))
    }

    private func pass(_ seconds: Int64) {
        harness.context.clock.advance(by: .seconds(seconds))
        harness.exporter.sweep()
    }

    private func shown(_ name: String = "c_total") throws -> [Double] {
        try harness.scrape().samples(name).map(\.value)
    }

    @Test("a stream that expires stays in the sum, and goes on where it was when it comes back")
    func expiry() throws {
        try count(1, 1000, 1)
        try count(2, 5, 2)
        harness.context.clock.advance(by: .seconds(8))
        try count(2, 6, 3)
        harness.context.clock.advance(by: .seconds(8))
        #expect(try shown() == [1006], "before it is swept")
        pass(0)
        #expect(try shown() == [1006])
        try count(1, 1002, 4)
        #expect(try shown() == [1008])
    }

    @Test("the sum goes with the last of its streams, and begins anew after that; nothing stays charged")
    func end() throws {
        try count(1, 1000, 1)
        try count(2, 5, 2)
        pass(11)
        #expect(try shown().isEmpty)
        #expect(harness.context.budget.usedBytes == 0)
        try count(2, 7, 30)
        #expect(try shown() == [7])
    }

    @Test("of many streams that come and go the sum never falls, and memory does not grow with them")
    func churn() throws {
        var expected = 0
        var used: [Int] = []
        for process in 0..<80 {
            try count(process, 10, UInt64(process) + 1)
            try observe(process, [1], [3, 4], UInt64(process) + 1)
            expected += 10
            pass(6)
            #expect(try shown() == [Double(expected)])
            #expect(try shown("h_bucket") == [Double(expected * 3 / 10), Double(expected * 7 / 10)])
            used.append(harness.context.budget.usedBytes)
        }
        #expect(used[79] < used[40] + used[40] / 10)
        pass(11)
        #expect(harness.context.budget.usedBytes == 0)
    }

    @Test("one of several sources that begins anew does not make the sum fall")
    func restart() throws {
        try count(1, 1000, 1)
        try count(2, 5, 2)
        try count(1, 1, 12, began: 11)
        #expect(try shown() == [1006])
        try observe(1, [1], [10, 20], 1)
        try observe(2, [1], [1, 1], 2)
        try observe(1, [1], [1, 0], 3)
        #expect(try shown("h_bucket") == [12, 33])
        #expect(try shown("h_sum") == [3])
    }

    @Test(
        "a source that begins anew with more keeps what it had; one that only moves its start does not (conformance 133)"
    )
    func restartWithMore() throws {
        try count(1, 10, 6, began: 5)
        try count(2, 5, 6)
        try count(1, 12, 9, began: 7)
        #expect(try shown() == [27])
        try count(1, 13, 20, began: 9)
        #expect(try shown() == [28], "it began when the point before came: some sources say so with every point")
        for (host, count, times) in [("a", 10, (5, 6)), ("b", 5, (5, 6)), ("a", 12, (7, 9))]
            as [(String, UInt64, (UInt64, UInt64))]
        {
            let point = TestHistogramPoint(
                bounds: [1], counts: [count, 0], sum: 1, start: start + times.0 * second, time: start + times.1 * second
            )
            try harness.send(resource: ["host.name": .string(host)], TestMetric("e", .histogram([point])))
            try harness.send(TestExponentialPoint(scale: 0, positive: (0, [count]), times: times), host: host)
        }
        #expect(try shown("e_bucket") == [27, 27])
        #expect(try shown("h_bucket") == [27])
    }

    @Test("fractions are added in the same order whichever stream is the newest: rounding makes no sum fall")
    func order() throws {
        for process in 1...3 { try count(process, Double(process) / 10, 1) }
        let sum = try shown()
        for process in 1...3 {
            try count(process, Double(process) / 10, UInt64(process) + 1)
            #expect(try shown() == sum)
        }
    }

    /// When the counter's line says that it began, in seconds after the moment all tests start from, in OpenMetrics and
    /// in the protobuf format.
    private func began() throws -> [Double] {
        let lines = try shown("c_created").map { $0 - Double(start / second) }
        let metrics = try harness.scrapeMessages()["c_total"]?.metrics ?? []
        let known = metrics.map(\.created).filter { $0 > 0 }
        let messages = known.map { Double($0 / second) - Double(start / second) }
        #expect(lines == messages)
        return lines
    }

    @Test("a sum began with the first of its streams, whichever is the newest or begins anew (conformance 144)")
    func created() throws {
        try count(1, 1000, 10, began: 1)
        try count(2, 5, 110, began: 100)
        #expect(try (shown(), began()) == ([1005], [1]))
        try count(1, 1001, 120, began: 1)
        #expect(try (shown(), began()) == ([1006], [1]))
        try count(2, 1, 220, began: 200)
        #expect(try (shown(), began()) == ([1007], [1]))
        try count(1, 2000, 240, began: 230)
        #expect(try (shown(), began()) == ([3007], [1]), "a source that began anew and has more than before")
        pass(11)
        try count(1, 3, 310, began: 300)
        #expect(try (shown(), began()) == ([3], [300]), "the sum begins anew")
        try count(1, 1, 330, began: 320)
        #expect(try (shown(), began()) == ([1], [320]), "a line of one stream begins anew with it")
    }

    @Test("streams that are gone still say when the sum began")
    func startOfFolded() throws {
        for process in 0..<40 {
            try count(process, 10, UInt64(process) + 1, began: UInt64(process) + 1)
            pass(6)
            #expect(try began() == [1])
        }
    }

    @Test("of a sum of which some beginning is not known, none is told")
    func unknownStart() throws {
        try count(1, 1, 10, began: 1)
        let point = TestNumberPoint(value: 1, start: 0, time: start + 20 * second)
        try harness.send(resource: ["service.name": "shop", "process.pid": 2], TestMetric("c", .sum([point])))
        #expect(try (shown(), began()) == ([2], []))
    }

    @Test("a stream that ended with a sum that is no number does not spoil the line's for good; counted")
    func sumOfFolded() throws {
        func observe(_ process: Int, _ sum: Double?, _ count: UInt64, _ time: UInt64) throws {
            let point = TestHistogramPoint(
                bounds: [], counts: [count], sum: sum, start: start, time: start + time * second)
            try harness.send(
                resource: ["service.name": "shop", "process.pid": .int(Int64(process))],
                TestMetric("h", .histogram([point])))
        }
        try observe(1, .nan, 4, 1)
        try observe(2, 5, 1, 2)
        #expect(try shown("h_sum").isEmpty, "not known as long as one says so")
        try observe(1, 1, 1, 3)
        #expect(try shown("h_sum") == [6])
        #expect(try shown("h_count") == [6])
        try observe(2, .infinity, 2, 3)
        try observe(2, 2, 1, 4)
        #expect(try shown("h_sum") == [3])
        #expect(harness.context.metric("otelcol_exporter_prometheus_conflicts", ["kind": "histogram_sum"]) == 2)
    }

    @Test("histograms of different bounds are shown with those they share, whichever is the newest; counted")
    func bounds() throws {
        try observe(1, [1, 2, 5], [100, 10, 1, 0], 1, [TestExemplar(TraceID(high: 1, low: 1), value: 1.5)])
        try observe(2, [2, 5, 10], [1, 2, 3, 4], 2, [TestExemplar(TraceID(high: 1, low: 2), value: 7)])
        for round in 0..<4 {
            let exposition = try harness.scrape()
            let buckets = exposition.samples("h_bucket")
            #expect(buckets.map { $0.labels.first { $0.name == "le" }?.value } == ["2.0", "5.0", "+Inf"])
            #expect(buckets.map(\.value) == [111, 114, 121])
            #expect(buckets.map { $0.exemplar?.value } == [1.5, nil, 7])
            #expect(exposition.samples("h_count").map(\.value) == [121])
            #expect(exposition.samples("h_sum").map(\.value) == [2])
            _ = try harness.scrapeMessages()
            if round % 2 == 0 {
                try observe(1, [1, 2, 5], [100, 10, 1, 0], UInt64(round) + 3)
            } else {
                try observe(2, [2, 5, 10], [1, 2, 3, 4], UInt64(round) + 3)
            }
        }
        #expect(harness.context.metric("otelcol_exporter_prometheus_conflicts", ["kind": "bounds"]) == 1)
        try observe(3, [7], [1, 1], 20)
        #expect(try shown("h_bucket") == [123])
    }

    @Test("an exponential histogram and one with bounds share +Inf alone")
    func kinds() throws {
        try observe(1, [1], [1, 2], 1)
        try harness.send(
            resource: ["service.name": "shop", "process.pid": 7],
            TestMetric("h", .histogram([TestHistogramPoint(bounds: [], counts: [4], sum: 1)])))
        #expect(try shown("h_bucket") == [7])
    }
}
