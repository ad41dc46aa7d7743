import CollectorCore
import CollectorProcessors
import CollectorTestKit
import OTLPWire
import Testing

/// A tail sampler that wants nothing by itself but errors, and `exemplars` behind it.
@Suite struct PromotionTests {
    private struct Pipeline {
        let fixture: ExemplarsFixture
        let sampler: any ConsumingComponent

        init(_ section: TestConfig, _ sampling: TestConfig = ["decision_wait": "5s"]) throws {
            fixture = try ExemplarsFixture(section)
            guard case .map(let pairs) = sampling else { throw DeliveryError.permanent("not a section") }
            let policies: TestConfig = [
                ["name": "errors", "type": "status_code", "status_code": ["status_codes": ["ERROR"]]],
                [
                    "name": "none", "type": "drop",
                    "drop": [
                        "drop_sub_policy": [
                            ["name": "ok", "type": "status_code", "status_code": ["status_codes": ["OK"]]]
                        ]
                    ],
                ],
            ]
            // Who comes first has the budget: with one shard that is who arrived first.
            let (config, problems) = TailSamplingFactory().read(
                .map(pairs + [("num_shards", "1"), ("policies", policies)]))
            try #require(problems.isEmpty)
            sampler = try TailSamplingFactory().make(
                config, fixture.test.context(ComponentID(type: "tail_sampling")), signal: .traces, next: fixture.traces)
        }

        func send(_ spans: TestSpan...) throws {
            _ = try sampler.consume(Batch(signal: .traces, requests: tracesRequest(spans)))
        }

        func decide() { fixture.test.clock.advance(by: .seconds(6)) }

        func decision(_ trace: TraceID) -> TraceDecision? { fixture.test.decisions.decisions(of: trace).first }
    }

    private static let name = "(promoted for an exemplar)"

    @Test func `the only candidate of a bucket has its trace kept`() throws {
        let pipeline = try Pipeline(["promote": ["budget_per_second": 10]])
        try pipeline.fixture.point(sample())
        try pipeline.send(TestSpan(.test(1), duration: .milliseconds(50)))
        try pipeline.send(
            TestSpan(.test(2), duration: .milliseconds(60)), TestSpan(.test(1), spanID: 2, kind: .internal))
        pipeline.decide()
        #expect(pipeline.fixture.scrape.offers.map(\.traceID) == [.test(1)])
        #expect(
            try pipeline.fixture.tracesSink.batches.flatMap { try $0.readSpans() }.map(\.spanID).sorted() == [1, 2])
        #expect(pipeline.fixture.counted("promoted") == 1)
        let decision = try #require(pipeline.decision(.test(1)))
        #expect(decision.isKept && decision.policy == Self.name && decision.threshold == nil)
        #expect(decision.votes.map(\.answer) == [.notSampled, .notSampled])
        #expect(pipeline.decision(.test(2))?.isKept == false)
        let filter = DecisionFilter(policy: Self.name)
        #expect(pipeline.fixture.test.decisions.latest(filter, limit: 9).map(\.traceID) == [.test(1)])
    }

    @Test func `each bucket has its own, once in a minute`() throws {
        let pipeline = try Pipeline(["promote": nil])
        try pipeline.fixture.point(sample())
        for round in 0..<20 as Range<UInt64> {
            for (bucket, milliseconds) in [5, 50, 500, 5000].enumerated() {
                try pipeline.send(
                    TestSpan(.test(round * 10 + UInt64(bucket)), duration: .milliseconds(milliseconds)))
            }
            pipeline.decide()
        }
        #expect(pipeline.fixture.counted("promoted") == 8)
        #expect(Set(pipeline.fixture.scrape.offers.map(\.value)) == [5, 50, 500, 5000])
    }

    @Test func `a bucket that has a kept trace needs no other`() throws {
        let pipeline = try Pipeline(["promote": nil])
        try pipeline.fixture.point(sample())
        try pipeline.send(TestSpan(.test(1), duration: .milliseconds(50)))
        pipeline.fixture.test.clock.advance(by: .seconds(1))
        pipeline.fixture.decide(.test(2), .kept)
        try pipeline.fixture.see(TestSpan(.test(2), duration: .milliseconds(60)))
        pipeline.decide()
        #expect(pipeline.fixture.scrape.shown == [.test(2)])
        #expect(pipeline.fixture.counted("promoted") == 0)
    }

    @Test func `a trace that is kept anyway takes nothing from the budget`() throws {
        let pipeline = try Pipeline(["promote": ["budget_per_second": 1]])
        try pipeline.fixture.point(sample())
        try pipeline.send(
            TestSpan(.test(1), duration: .milliseconds(5), statusCode: 2),
            TestSpan(.test(2), duration: .milliseconds(50)))
        pipeline.decide()
        #expect(pipeline.fixture.scrape.shown == [.test(1), .test(2)])
        #expect(pipeline.fixture.counted("promoted") == 1)
        #expect(pipeline.decision(.test(1))?.policy == "errors")
    }

    @Test func `no more traces are promoted than the budget allows`() throws {
        let pipeline = try Pipeline(["promote": ["budget_per_second": 2]])
        try pipeline.fixture.point(sample())
        try pipeline.send(
            TestSpan(.test(1), duration: .milliseconds(5)), TestSpan(.test(2), duration: .milliseconds(50)),
            TestSpan(.test(3), duration: .milliseconds(500)), TestSpan(.test(4), duration: .milliseconds(5000)))
        pipeline.decide()
        #expect(pipeline.fixture.scrape.shown.count == 2)
        #expect(pipeline.fixture.counted("promoted") == 2)
        #expect(pipeline.fixture.counted("withheld", reason: "budget") == 2)
        // Their buckets are open to the next ones.
        try pipeline.send(
            TestSpan(.test(13), duration: .milliseconds(500)), TestSpan(.test(14), duration: .milliseconds(5000)),
            TestSpan(.test(11), duration: .milliseconds(5)), TestSpan(.test(12), duration: .milliseconds(50)))
        pipeline.decide()
        #expect(pipeline.fixture.counted("promoted") == 4)
        #expect(Set(pipeline.fixture.scrape.offers.map(\.value)) == [5, 50, 500, 5000])
    }

    @Test func `half of the budget is for what is slower than the median`() throws {
        let pipeline = try Pipeline(["promote": ["budget_per_second": 4]])
        let routes = (1...6).map { TestAttributes([(key: "http.route", value: .string("/\($0)"))]) }
        for route in routes { try pipeline.fixture.point(sample(attributes: route)) }
        for (number, route) in routes.enumerated() {
            try pipeline.send(
                TestSpan(.test(UInt64(number)), duration: .milliseconds(5), attributes: route),
                TestSpan(.test(100 + UInt64(number)), duration: .milliseconds(500), attributes: route))
        }
        pipeline.decide()
        #expect(pipeline.fixture.scrape.offers.count == 4)
        #expect(pipeline.fixture.scrape.offers.count { $0.value == 500 } >= 2)
    }

    @Test func `what a policy drops stays dropped`() throws {
        let pipeline = try Pipeline(["promote": nil])
        try pipeline.fixture.point(sample())
        try pipeline.send(TestSpan(.test(1), duration: .milliseconds(50), statusCode: 1))
        pipeline.decide()
        #expect(pipeline.decision(.test(1))?.policy == "none")
        try pipeline.send(TestSpan(.test(2), duration: .milliseconds(50)))
        pipeline.decide()
        #expect(pipeline.fixture.scrape.shown == [.test(2)])
    }

    @Test func `an exemplar that came with a point has its trace kept while that is undecided`() throws {
        let pipeline = try Pipeline(["promote": nil])
        try pipeline.send(TestSpan(.test(1), duration: .milliseconds(50)))
        try pipeline.fixture.point(sample(exemplars: [TestExemplar(.test(1), value: 50)]))
        pipeline.decide()
        #expect(pipeline.fixture.scrape.shown == [.test(1)])
        #expect(pipeline.fixture.counted("promoted") == 1)
    }

    @Test func `a promoted trace that is lost leaves its bucket to another`() throws {
        let pipeline = try Pipeline(["promote": nil])
        try pipeline.fixture.point(sample())
        try pipeline.send(TestSpan(.test(1), duration: .milliseconds(50)))
        pipeline.decide()
        pipeline.fixture.decide(.test(1), .lost)
        try pipeline.send(TestSpan(.test(2), duration: .milliseconds(50)))
        pipeline.decide()
        #expect(pipeline.fixture.scrape.shown == [.test(2)])
    }

    @Test func `without promote nothing is kept for an exemplar`() throws {
        let pipeline = try Pipeline([:])
        try pipeline.fixture.point(sample())
        try pipeline.send(TestSpan(.test(1), duration: .milliseconds(50)))
        pipeline.decide()
        #expect(pipeline.fixture.scrape.offers.isEmpty && pipeline.fixture.tracesSink.itemCount == 0)
    }

    @Test func `a sampler that decides at arrival promotes at the end of the wait`() throws {
        let pipeline = try Pipeline(
            ["promote": nil], ["decision_wait": "5s", "sampling_strategy": "span-ingest"])
        try pipeline.fixture.point(sample())
        try pipeline.send(TestSpan(.test(1), duration: .milliseconds(50)))
        pipeline.decide()
        #expect(pipeline.fixture.scrape.shown == [.test(1)])
    }
}
