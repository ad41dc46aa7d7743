import CollectorConnectors
import CollectorCore
import CollectorTestKit
import OTLPWire
import Testing

/// A `span_metrics` connector on a clock that tests turn, and what it sends.
struct SpanMetricsFixture {
    let context: TestContext
    let sink = RecordingConsumer()
    let connector: any ConsumingComponent

    init(_ section: TestConfig = [:], context: TestContext = TestContext()) async throws {
        self.context = context
        let (config, problems) = SpanMetricsFactory().read(section)
        try #require(problems == [])
        connector = try SpanMetricsFactory().make(
            config, context.context(ComponentID(type: "span_metrics")), signal: .traces, next: [.metrics: sink])
        try await connector.start()
    }

    /// Sends one request through the books of a pipeline.
    func send(resource: TestAttributes = ["service.name": "shop"], _ spans: [TestSpan]) throws {
        let entry = AccountedPipeline(context.account, head: connector)
        try entry.send(Batch(signal: .traces, requests: tracesRequest(resource: resource, spans)))
    }

    func flush() { context.clock.advance(by: .seconds(60)) }
}

private func span(_ number: UInt64, _ change: (inout TestSpan) -> Void = { _ in }) -> TestSpan {
    var span = TestSpan(.test(number), spanID: number)
    change(&span)
    return span
}

private let calls = "traces.span.metrics.calls"
private let duration = "traces.span.metrics.duration"

@Suite struct SpanMetricsTests {
    @Test func `spans are counted by service, name, kind and status (conformance 231)`() async throws {
        let fixture = try await SpanMetricsFixture()
        try fixture.send([
            span(1), span(2) { $0.duration = .milliseconds(3) }, span(3) { $0.statusCode = 2 },
            span(4) { $0.kind = .client }, span(5) { $0.name = "other" },
        ])
        try fixture.send(resource: ["service.name": "cart"], [span(6) { $0.statusCode = 1 }])
        #expect(fixture.sink.itemCount == 0)
        fixture.flush()
        let counts = try fixture.sink.latest(calls, by: "service.name", "span.name", "span.kind", "status.code")
            .mapValues(\.count)
        #expect(
            counts == [
                ["shop", "operation", "SPAN_KIND_SERVER", "STATUS_CODE_UNSET"]: 2,
                ["shop", "operation", "SPAN_KIND_SERVER", "STATUS_CODE_ERROR"]: 1,
                ["shop", "operation", "SPAN_KIND_CLIENT", "STATUS_CODE_UNSET"]: 1,
                ["shop", "other", "SPAN_KIND_SERVER", "STATUS_CODE_UNSET"]: 1,
                ["cart", "operation", "SPAN_KIND_SERVER", "STATUS_CODE_OK"]: 1,
            ])
        let points = try fixture.sink.latest(duration, by: "service.name", "span.name", "span.kind", "status.code")
        let point = try #require(points[["shop", "operation", "SPAN_KIND_SERVER", "STATUS_CODE_UNSET"]])
        #expect(point.count == 2 && point.sum == 13 && point.unit == "ms" && point.temporality == 2)
        #expect(point.bounds.prefix(5) == [2, 4, 6, 8, 10] && point.bounds.last == 15_000)
        #expect(point.buckets[1] == 1 && point.buckets[4] == 1 && point.buckets.reduce(0, +) == 2)
        #expect(point.resource == ["service.name": "shop"])
        #expect(fixture.context.account.imbalance == nil)
    }

    @Test func `a span that ends before it starts took no time (conformance 233)`() async throws {
        let fixture = try await SpanMetricsFixture()
        try fixture.send([span(1) { $0.duration = .milliseconds(-5) }])
        fixture.flush()
        let point = try #require(try fixture.sink.points().first { $0.metric == duration })
        #expect(point.sum == 0 && point.buckets.first == 1)
    }

    @Test func `counts go on from flush to flush, from a start that stays`() async throws {
        let fixture = try await SpanMetricsFixture()
        try fixture.send([span(1)])
        fixture.flush()
        try fixture.send([span(2), span(3)])
        fixture.flush()
        fixture.flush()
        let points = try fixture.sink.points().filter { $0.metric == calls }
        #expect(points.map(\.count) == [1, 3, 3])
        #expect(Set(points.map(\.start)).count == 1 && points.map(\.time) == points.map(\.time).sorted())
    }

    @Test func `deltas begin where the last ones ended, and say nothing of what has no news`() async throws {
        let fixture = try await SpanMetricsFixture(["aggregation_temporality": "AGGREGATION_TEMPORALITY_DELTA"])
        try fixture.send([span(1)])
        fixture.flush()
        fixture.flush()
        try fixture.send([span(2), span(3)])
        fixture.flush()
        let points = try fixture.sink.points().filter { $0.metric == duration }
        #expect(points.map(\.count) == [1, 2] && points.map(\.temporality) == [1, 1])
        #expect(points.map { $0.buckets.reduce(0, +) } == [1, 2])
        #expect(points[1].start >= points[0].time)
    }

    @Test func `deltas that downstream refuses come later, each once`() async throws {
        let fixture = try await SpanMetricsFixture(["aggregation_temporality": "AGGREGATION_TEMPORALITY_DELTA"])
        fixture.sink.failAlways(.retryable("full"))
        try fixture.send([span(1)])
        fixture.flush()
        try fixture.send([span(2)])
        fixture.flush()
        fixture.sink.recover()
        fixture.flush()
        #expect(try fixture.sink.points().filter { $0.metric == calls }.map(\.count) == [1, 1])
    }

    @Test func `a shutdown tells what was counted, until it is taken`() async throws {
        let fixture = try await SpanMetricsFixture()
        try fixture.send([span(1)])
        fixture.sink.failNext(.retryable("full"), .retryable("full"))
        await fixture.context.clock.shutDown(fixture.connector, within: .seconds(3600))
        #expect(try fixture.sink.total(calls) == 1)
        fixture.flush()
        #expect(try fixture.sink.points().count == 2)
        await fixture.context.clock.shutDown(fixture.connector, within: .seconds(1))
    }

    @Test func `labels come from the span, then its resource, then the configuration`() async throws {
        let fixture = try await SpanMetricsFixture([
            "dimensions": [
                ["name": "http.method"], ["name": "zone", "default": "nowhere"], ["name": "code"], ["name": "absent"],
            ],
            "histogram": ["dimensions": [["name": "only.durations"]], "unit": "s"],
            "calls_dimensions": [["name": "only.calls"]], "exclude_dimensions": ["span.kind"],
        ])
        let attributes: TestAttributes = ["http.method": "GET", "code": 404, "only.calls": "a", "only.durations": "b"]
        try fixture.send(
            resource: ["service.name": "shop", "zone": "here"], [span(1) { $0.attributes = attributes }])
        try fixture.send([span(2) { $0.attributes = ["zone": "there"] }])
        try fixture.send([span(3)])
        fixture.flush()
        let points = try fixture.sink.points()
        let common = ["service.name": "shop", "span.name": "operation", "status.code": "STATUS_CODE_UNSET"]
        let first = common.merging(["http.method": "GET", "zone": "here", "code": "404"]) { $1 }
        let counted = points.filter { $0.metric == calls }.map(\.labels)
        #expect(
            Set(counted) == [
                first.merging(["only.calls": "a"]) { $1 }, common.merging(["zone": "there"]) { $1 },
                common.merging(["zone": "nowhere"]) { $1 },
            ])
        let timed = points.filter { $0.metric == duration }
        #expect(timed.contains { $0.labels == first.merging(["only.durations": "b"]) { $1 } && $0.sum == 0.01 })
        #expect(timed.allSatisfy { $0.unit == "s" && $0.bounds.first == 0.002 })
    }

    @Test func `exponential histograms keep within their size, and their totals`() async throws {
        let fixture = try await SpanMetricsFixture(["histogram": ["exponential": ["max_size": 8]]])
        let durations: [Int64] = [0, 1, 5, 80, 900, 20_000, 4_000_000, 4_000_000]
        try fixture.send(
            durations.enumerated().map { number, micro in
                span(UInt64(number + 1)) { $0.duration = .microseconds(micro) }
            })
        fixture.flush()
        let point = try #require(try fixture.sink.points().first { $0.metric == duration })
        #expect(point.count == 8 && point.buckets.count <= 8 && point.buckets.reduce(0, +) == 7)
        #expect(point.buckets.last == 2)
    }

    @Test func `events are counted by their own attributes`() async throws {
        let fixture = try await SpanMetricsFixture([
            "events": ["enabled": true, "dimensions": [["name": "exception.type"]]], "histogram": ["disable": true],
            "namespace": "",
        ])
        let types = ["Timeout", "Timeout", "Refused", nil]
        let request = ProtobufMessage { request in
            request.message(1) { group in
                group.message(1) { $0.attributes(1, ["service.name": "shop"]) }
                group.message(2) { scope in
                    scope.message(2) { message in
                        message.bytes(1, bigEndian(1) + bigEndian(2))
                        message.bytes(2, bigEndian(3))
                        message.string(5, "operation")
                        for type in types {
                            message.message(11) { event in
                                event.string(2, "exception")
                                if let type { event.attributes(3, ["exception.type": .string(type)]) }
                            }
                        }
                    }
                }
            }
        }
        _ = try fixture.connector.consume(Batch(signal: .traces, requests: request.bytes))
        fixture.flush()
        let counts = try fixture.sink.latest("events", by: "service.name", "exception.type").mapValues(\.count)
        #expect(counts == [["shop", "Timeout"]: 2, ["shop", "Refused"]: 1, ["shop", "-"]: 1])
        #expect(Set(try fixture.sink.points().map(\.metric)) == ["calls", "events"])
    }

    @Test func `series that are not seen expire, with their resource`() async throws {
        let fixture = try await SpanMetricsFixture(["series_expiration": "90s"])
        try fixture.send(resource: ["service.name": "old"], [span(1)])
        fixture.flush()
        try fixture.send([span(2)])
        fixture.sink.clear()
        fixture.flush()
        #expect(try fixture.sink.points().map { $0.resource["service.name"] } == ["shop", "shop"])
        try fixture.send(resource: ["service.name": "old"], [span(1)])
        fixture.flush()
        let again = try fixture.sink.points().last { $0.metric == calls && $0.labels["service.name"] == "old" }
        #expect(again?.count == 1)
    }

    @Test func `where a sampler decides and nobody waits for it, only kept traces are exemplars`() async throws {
        let fixture = try await SpanMetricsFixture(["exemplars": ["enabled": true, "max_per_data_point": 9]])
        let verdicts = fixture.context.verdicts
        #expect(verdicts.isWanted && !verdicts.isObserved)
        verdicts.addSampler(decisionWait: .seconds(5))
        let spans = (1...4 as ClosedRange<UInt64>).map { number in
            span(number) { $0.duration = .milliseconds(Int64(number) * 150) }
        }
        try fixture.send(spans)
        verdicts.record([.test(1), .test(2)], .kept)
        verdicts.record([.test(3)], .dropped)
        verdicts.record([.test(2)], .lost)
        fixture.flush()
        let shown = try fixture.sink.points().flatMap(\.exemplars).map(\.traceID)
        #expect(!shown.isEmpty && Set(shown) == [.test(1)])
        // The fourth was not decided then.
        fixture.sink.clear()
        verdicts.record([.test(4)], .kept)
        fixture.flush()
        let later = try fixture.sink.points().flatMap(\.exemplars).map(\.traceID)
        #expect(!later.isEmpty && Set(later) == [.test(4)])
    }

    @Test func `an exemplars processor decides itself which of all candidates are shown`() async throws {
        let fixture = try await SpanMetricsFixture(["exemplars": ["enabled": true]])
        fixture.context.verdicts.addSampler(decisionWait: .seconds(5))
        fixture.context.verdicts.observe { _, _ in }
        try fixture.send([span(1)])
        fixture.flush()
        #expect(try fixture.sink.points().flatMap(\.exemplars).map(\.traceID).contains(.test(1)))
    }

    @Test func `candidates for exemplars are attached once, one for each bucket`() async throws {
        let fixture = try await SpanMetricsFixture(["exemplars": ["enabled": true, "max_per_data_point": 2]])
        try fixture.send([
            span(1) { $0.duration = .milliseconds(1) }, span(2) { $0.duration = .milliseconds(30) },
            span(3) { $0.duration = .milliseconds(40) }, span(4) { $0.duration = .milliseconds(300) },
        ])
        fixture.flush()
        fixture.flush()
        let points = try fixture.sink.points().filter { $0.metric == duration }
        #expect(Set(points[0].exemplars.map(\.traceID)) == [.test(3), .test(4)])
        #expect(Set(points[0].exemplars.map(\.value)) == [40, 300])
        #expect(points[1].exemplars.isEmpty)
    }

    @Test func `mistakes in the configuration are named`() {
        func problems(_ section: TestConfig) -> [String] { SpanMetricsFactory().read(section).problems }
        #expect(
            problems(["dimensions": [["name": "span.kind"]]]).first?.contains("`span.kind` is there already") == true)
        #expect(problems(["dimensions": [["name": "a"], ["name": "a"]]]).count == 1)
        #expect(problems(["histogram": ["explicit": [:], "exponential": [:]]]).count == 1)
        let both = problems(["histogram": ["explicit": ["buckets": ["1s"]], "exponential": ["max_size": 8]]])
        #expect(both.count == 1 && both.first?.contains("cannot stand beside `explicit`") == true)
        #expect(problems(["histogram": ["explicit": ["buckets": ["2s", "1s"]]]]).count == 1)
        #expect(problems(["events": ["enabled": true]]).count == 1)
        #expect(problems(["metrics_flush_interval": "0s"]).count == 1)
        #expect(problems(["aggregation_temporality": "DELTA"]).count == 1)
    }

    @Test func `excluded names of no label are told`() {
        func warnings(_ section: TestConfig) -> [String] {
            let diagnostics = Diagnostics()
            _ = SpanMetricsFactory().readConfig(ConfigReader(.test(section), diagnostics))
            return diagnostics.warnings.map(\.message)
        }
        let section: TestConfig = [
            "exclude_dimensions": ["span.nam", "span.kind", "a"], "dimensions": [["name": "a"]],
        ]
        #expect(warnings(section).count == 1)
        #expect(warnings(section).first?.contains("`span.nam`; did you mean `span.name`?") == true)
        #expect(warnings(["exclude_dimensions": ["collector.instance.id", "status.code"]]) == [])
    }
}
