import CollectorCore
import CollectorTestKit
import OTLPWire
import Testing

@testable import CollectorProcessors

@Suite("tail_sampling: policies on rates")
struct RatePolicyTests {
    private let second: UInt64 = 1_000_000_000

    @Test("Limits hold; a trace larger than the burst passes a full bucket and is paid off")
    func limits() throws {
        let make = try SyntheticTraces()
        var chain = try TestChain(policy("rate_limiting", ["spans_per_second": 10]))
        let small = make.trace(.test(1), spans: 8)
        #expect(chain.decide(small, at: second).isKept)
        #expect(chain.reasons(small) == ["8 spans ≤ 20 left of 20"])
        #expect(chain.decide(small, at: second).isKept)
        #expect(!chain.decide(small, at: second).isKept)
        #expect(chain.reasons(small) == ["8 spans > 4 left of 20"])
        let large = make.trace(.test(2), spans: 50)
        #expect(!chain.decide(large, at: 2 * second).isKept)
        #expect(chain.decide(large, at: 5 * second).isKept)
        #expect(chain.reasons(large) == ["50 spans > 20 left of 20, but the bucket is full"])
        #expect(!chain.decide(make.trace(.test(3)), at: 8 * second).isKept)
        #expect(chain.decide(make.trace(.test(3)), at: 8 * second + second / 5).isKept)
        // Nobody can say how likely that was.
        #expect(chain.decide(make.trace(.test(3)), at: 9 * second).forgetsThreshold)
    }

    @Test("Nothing is spent on traces that another policy keeps")
    func freeOfCharge() throws {
        let make = try SyntheticTraces()
        var chain = try TestChain(
            .list([
                .section(
                    ("name", "limit"), ("type", "bytes_limiting"),
                    ("bytes_limiting", .section(("bytes_per_second", 1), ("burst_capacity", 200)))),
                .section(
                    ("name", "errors"), ("type", "status_code"),
                    ("status_code", .section(("status_codes", ["ERROR"])))),
            ]))
        let failed = make.trace(.test(1), isError: true)
        for _ in 0..<100 { #expect(chain.decide(failed, at: second).policy == 1) }
        #expect(chain.decide(make.trace(.test(2)), at: second).policy == 0)
    }

    @Test("composite asks in order; who cannot pay leaves the trace to the next one that samples")
    func composite() throws {
        let make = try SyntheticTraces()
        var chain = try TestChain(
            policy(
                "composite",
                .section(
                    ("max_total_spans_per_second", 100), ("policy_order", ["errors", "all"]),
                    (
                        "composite_sub_policy",
                        .list([
                            .section(("name", "all"), ("type", "always_sample")),
                            .section(
                                ("name", "errors"), ("type", "status_code"),
                                ("status_code", .section(("status_codes", ["ERROR"])))),
                        ])
                    ), ("rate_allocation", [["policy": "errors", "percent": 40]]))))
        let failed = make.trace(.test(1), spans: 10, isError: true)
        let fine = make.trace(.test(2), spans: 10)
        // 40 of its own.
        for _ in 0..<4 {
            #expect(chain.decide(failed, at: second).isKept)
            #expect(chain.reasons(failed)[0].hasPrefix("errors: a span has status ERROR, 10 spans"))
        }
        #expect(chain.decide(failed, at: second).isKept)
        #expect(
            chain.reasons(failed) == [
                "errors: a span has status ERROR, 10 spans, 0 left: too few; "
                    + "all: samples every trace, 10 spans, 60 left"
            ])
        for _ in 0..<5 { #expect(chain.decide(fine, at: second).isKept) }
        #expect(!chain.decide(fine, at: second).isKept)
        #expect(!chain.decide(failed, at: 2 * second - 1).isKept)
        // The next second gives errors their 40.
        #expect(chain.decide(failed, at: 2 * second).isKept)
    }

    @Test("The seconds of a composite are those of the clock on the wall")
    func compositeSeconds() throws {
        let make = try SyntheticTraces()
        let settings: TestConfig = .section(
            ("max_total_spans_per_second", 1),
            ("composite_sub_policy", .list([.section(("name", "all"), ("type", "always_sample"))])))
        let (config, _) = TailSamplingFactory().read(["policies": policy("composite", settings)])
        var builder = PolicyBuilder(wallTimeOffset: 7 * second + second / 4)
        let chain = PolicyChain(config.policies, stopsAtFirstMatch: false, &builder)
        var measured = Measurements(count: chain.slotCount)
        var tally = VoteTally(policies: 1)
        let kept = [10, 11, 12, 14, 15, 18, 19].filter { quarter in
            chain.decide(make.trace(.test(1)), at: UInt64(quarter) * second / 4, &measured, &tally).isKept
        }
        #expect(kept == [10, 11, 15, 19])
    }

    @Test("latency_percentile keeps what is slower than its own key")
    func latencyPercentile() throws {
        let make = try SyntheticTraces()
        var chain = try TestChain(policy("latency_percentile", ["percentile": 90, "min_samples": 50]))
        var random = SeededRandom(seed: 3)
        for step in 0..<2000 {
            let key = 1 + step % 2
            let latency = UInt64(random.unit() * 1e7) * (key == 1 ? 1 : 100)
            let trace = make.trace(random.traceID(), key: key, latency: latency)
            let isKept = chain.decide(trace, at: second + UInt64(step) * 1_000_000).isKept
            if step < 98 { #expect(!isKept) }
        }
        let middling = UInt64(50_000_000)
        #expect(chain.decide(make.trace(.test(1), key: 1, latency: middling), at: 4 * second).isKept)
        #expect(!chain.decide(make.trace(.test(1), key: 2, latency: middling), at: 4 * second).isKept)
        let unknown = make.trace(.test(1), key: 3, latency: middling)
        #expect(!chain.decide(unknown, at: 4 * second).isKept)
        #expect(chain.reasons(unknown)[0].contains("not known from fewer than 50 traces"))
    }

    @Test("error_rate samples a key's traces while it has too many errors, with the probability it says")
    func errorRate() throws {
        let make = try SyntheticTraces()
        var chain = try TestChain(policy("error_rate", ["threshold_percent": 10, "sampling_percentage": 25]))
        var random = SeededRandom(seed: 5)
        var kept = 0
        for step in 0..<4000 {
            let trace = make.trace(random.traceID(), key: 7, isError: step % 4 == 0)
            let decision = chain.decide(trace, at: second + UInt64(step) * 1_000_000)
            kept += decision.isKept ? 1 : 0
            if decision.isKept { #expect(decision.threshold == 0xc0 << 48 && decision.writesRandomness) }
            #expect(!chain.decide(make.trace(trace.traceID, key: 8), at: second).isKept)
        }
        #expect(abs(Double(kept) - 1000) < 4 * 27.4 + 20)
    }

    @Test(
        "Traces that were sampled before are brought down to the target as well, whatever they were sampled with",
        arguments: [[0xe6_6666_6666_6666], [0, 1 << 55, 0xe6_6666_6666_6666, 0xff_be76_c8b4_3958]] as [[UInt64]])
    func adaptiveAfterSampling(incoming: [UInt64]) throws {
        let make = try SyntheticTraces()
        var chain = try TestChain(policy("adaptive", ["spans_per_second": 200, "floor_per_second": 0]))
        var random = SeededRandom(seed: 10)
        var kept = [Double](repeating: 0, count: incoming.count)
        for step in 0..<60_000 {
            let kind = step % incoming.count
            let trace = make.trace(random.traceID(sampledWith: incoming[kind]), incoming: incoming[kind])
            let isKept = chain.decide(trace, at: second + UInt64(step) * 1_000_000).isKept
            if isKept, step >= 20_000 { kept[kind] += 1 }
        }
        let last = make.trace(random.traceID(sampledWith: 1 << 55), incoming: 1 << 55)
        _ = chain.decide(last, at: 61 * second)
        #expect(chain.reasons(last)[0].hasSuffix("of which 50 % came here"))
        #expect(abs(kept.reduce(0, +) / 40 - 200) < 20, "\(kept)")
        // Each kind gets its part of it.
        for kept in kept { #expect(abs(kept / 40 * Double(incoming.count) - 200) < 30, "\(kept)") }
    }

    @Test("error_rate keeps its percentage of the traces that arrive, also of those that were sampled before")
    func errorRateAfterSampling() throws {
        let make = try SyntheticTraces()
        var chain = try TestChain(policy("error_rate", ["threshold_percent": 10, "sampling_percentage": 30]))
        var random = SeededRandom(seed: 11)
        var kept = 0
        for step in 0..<10_000 {
            let trace = make.trace(random.traceID(sampledWith: 1 << 55), isError: true, incoming: 1 << 55)
            let decision = chain.decide(trace, at: second + UInt64(step) * 1_000_000)
            guard decision.isKept else { continue }
            kept += 1
            #expect(abs(decision.probability(incoming: 1 << 55) - 0.15) < 1e-4 && !decision.writesRandomness)
        }
        // 30 % of 10 000, within four sigma.
        #expect(abs(Double(kept) - 3000) < 4 * 45.8 + 20, "\(kept)")
    }

    @Test("What a trace was sampled with is the smallest of its spans' th; a span without one was there in any case")
    func incomingThreshold() throws {
        func incoming(_ states: String...) throws -> UInt64 {
            let id = TraceID(high: 1, low: 0xd0_0000_0000_0000)
            return try testFeatures(
                states.enumerated().map { TestSpan(id, spanID: UInt64($0 + 1), traceState: $1) }
            ).incomingThreshold.value
        }
        #expect(try incoming("ot=th:c", "a=1,ot=th:8") == 1 << 55)
        #expect(try incoming("ot=th:8", "ot=th:c") == 1 << 55)
        #expect(try incoming("ot=th:c", "") == 0)
        #expect(try incoming("ot=th:c", "a=1") == 0)
        #expect(try incoming("ot=th:c", "ot=th:zz") == 0)
        #expect(try incoming("ot=th:c", "ot=rv:e0000000000000") == 0)
        // Below its own threshold the span could not be here: that is not to be trusted (conformance 209).
        #expect(try incoming("ot=th:c", "ot=th:e") == 0)
        #expect(try incoming("") == 0)
        #expect(try incoming("ot=th:ff", "ot=rv:fff00000000000;th:ff") == 0)
        #expect(try incoming("ot=rv:fff00000000000;th:ff") == 0xff << 48)
    }

    @Test("Inside `and`, chances of the same random value have the larger threshold, and policies go on learning")
    func insideAnd() throws {
        let make = try SyntheticTraces()
        var chain = try TestChain(
            policy(
                "and",
                .section(
                    (
                        "and_sub_policy",
                        .list([
                            .section(
                                ("name", "tenth"), ("type", "probabilistic"),
                                ("probabilistic", .section(("sampling_percentage", 10)))),
                            .section(
                                ("name", "adaptive"), ("type", "adaptive"),
                                ("adaptive", .section(("spans_per_second", 5)))),
                        ])
                    ))))
        var random = SeededRandom(seed: 6)
        var thresholds: Set<UInt64> = []
        for step in 0..<20_000 {
            let decision = chain.decide(make.trace(random.traceID()), at: second + UInt64(step) * 1_000_000)
            if decision.isKept { thresholds.insert(decision.threshold) }
        }
        let tenth = try #require(SamplingThreshold(probability: 0.1))
        #expect(thresholds.allSatisfy { $0 >= tenth.value - 256 })
        // 5 of 1000 a second.
        #expect(thresholds.contains { SamplingThreshold(clamping: $0).probability < 0.008 })
    }

    private func joint(_ others: TestConfig...) -> TestConfig {
        let adaptive = TestConfig.section(
            ("name", "adaptive"), ("type", "adaptive"), ("adaptive", .section(("spans_per_second", 1))))
        return policy("and", .section(("and_sub_policy", .list(others + [adaptive]))))
    }

    @Test("What others in an `and` exclude is no demand: the rest gets the whole target")
    func demandInsideAnd() throws {
        let make = try SyntheticTraces()
        let errors = TestConfig.section(
            ("name", "errors"), ("type", "status_code"), ("status_code", .section(("status_codes", ["ERROR"]))))
        let salted = TestConfig.section(
            ("name", "salted"), ("type", "probabilistic"),
            ("probabilistic", .section(("sampling_percentage", 2), ("hash_salt", "other"))))
        // Two in a hundred are slower than P98.
        let slow = TestConfig.section(
            ("name", "slow"), ("type", "latency_percentile"), ("latency_percentile", .section(("percentile", 98))))
        let nested = TestConfig.section(
            ("name", "nested"), ("type", "and"), ("and", .section(("and_sub_policy", .list([errors])))))
        for policies in [joint(errors), joint(salted), joint(slow), joint(nested)] {
            var chain = try TestChain(policies)
            var random = SeededRandom(seed: 8)
            var kept = 0
            for step in 0..<60_000 {
                let isSlow = random.unit() < 0.02
                let latency = UInt64((isSlow ? 50 : 5) * 1e6 * (1 + random.unit()))
                let trace = make.trace(random.traceID(), latency: latency, isError: isSlow)
                // A hundred a second, of which two fail and are slow.
                let isKept = chain.decide(trace, at: second + UInt64(step) * 10_000_000).isKept
                if isKept, step >= 10_000 { kept += 1 }
            }
            #expect(abs(Double(kept) - 500) < 100, "\(kept)")
        }
    }

    @Test("What earlier parts of a composite take is no demand: the rest gets the whole target")
    func demandInsideComposite() throws {
        let make = try SyntheticTraces()
        let errors = TestConfig.section(
            ("name", "errors"), ("type", "status_code"), ("status_code", .section(("status_codes", ["ERROR"]))))
        let adaptive = TestConfig.section(
            ("name", "adaptive"), ("type", "adaptive"), ("adaptive", .section(("spans_per_second", 20))))
        for (total, errorsPassed) in [(1000, 80.0), (140, 80.0)] {
            var chain = try TestChain(
                policy(
                    "composite",
                    .section(
                        ("max_total_spans_per_second", .scalar("\(total)")),
                        ("composite_sub_policy", .list([errors, adaptive])),
                        (
                            "rate_allocation",
                            [["policy": "errors", "percent": 60], ["policy": "adaptive", "percent": 40]]
                        ))))
            var random = SeededRandom(seed: 12)
            var kept = [0.0, 0.0]
            for step in 0..<60_000 {
                // A hundred a second, of which 80 have errors.
                let isError = random.unit() < 0.8
                let trace = make.trace(random.traceID(), isError: isError)
                let isKept = chain.decide(trace, at: second + UInt64(step) * 10_000_000).isKept
                if isKept, step >= 10_000 { kept[isError ? 0 : 1] += 1 }
            }
            // Of those without errors there are no more than the target: all are kept.
            #expect(abs(kept[1] / 500 - 20) < 2, "\(total): \(kept)")
            #expect(kept[0] / 500 > errorsPassed - 3, "\(total): \(kept)")
        }
    }

    @Test("What a key is like is learned from all traces, also those that others in an `and` exclude")
    func factsInsideAnd() throws {
        let make = try SyntheticTraces()
        var chain = try TestChain(
            policy(
                "and",
                .section(
                    (
                        "and_sub_policy",
                        .list([
                            .section(
                                ("name", "errors"), ("type", "status_code"),
                                ("status_code", .section(("status_codes", ["ERROR"])))),
                            .section(
                                ("name", "episode"), ("type", "error_rate"),
                                ("error_rate", .section(("threshold_percent", 10)))),
                        ])
                    ))))
        for step in 0..<1000 {
            // One in twenty.
            let trace = make.trace(.test(UInt64(step % 250)), isError: step % 20 == 19)
            #expect(!chain.decide(trace, at: second + UInt64(step) * 1_000_000).isKept)
        }
    }

    @Test("A probability too small for a threshold keeps nothing, not everything")
    func tiny() throws {
        var rates = AdaptiveRates(AdaptiveRates.Rule(target: 1e-17, floor: 0, interval: second))
        let id = TraceKeyID(index: 1, generation: 0)
        for step in 0..<2000 { rates.add(id, cost: 1, at: second + UInt64(step) * 10_000_000) }
        #expect(rates.threshold(of: id) == .never)
        let make = try SyntheticTraces()
        let registry = TraceKeyRegistry()
        let policy = ErrorRatePolicy(
            ErrorShare.Rule(threshold: 0.1, window: 60 * second, minimumSamples: 5), percentage: 1e-16,
            key: PolicyKey(place: 0, registry: registry), shareSlot: 0, countSlot: 1)
        let trace = make.trace(.test(1), isError: true)
        for _ in 0..<20 { policy.learn(from: trace, at: second) }
        var measured = Measurements(count: 2)
        policy.measure(trace, at: second, &measured)
        #expect(measured[1] & 1 == 1)
        #expect(policy.vote(on: trace, measured) == .notSampled)
    }

    @Test("A key that was silent for a window is judged as an unknown one")
    func silentKey() throws {
        let make = try SyntheticTraces()
        var chain = try TestChain(policy("latency_percentile", ["window": "60s", "min_samples": 50]))
        for _ in 0..<100 { _ = chain.decide(make.trace(.test(1)), at: second) }
        let slow = make.trace(.test(2), latency: 5_000_000_000)
        #expect(chain.decide(slow, at: 2 * second).isKept)
        #expect(!chain.decide(slow, at: 90 * second).isKept)
        #expect(chain.reasons(slow)[0].contains("not known from fewer than 50 traces"))
    }

    @Test("adaptive meets a target of bytes, too")
    func adaptiveBytes() throws {
        let make = try SyntheticTraces()
        var chain = try TestChain(
            policy("adaptive", ["bytes_per_second": 10_000, "adjustment_interval": "2s", "key": ["service.name"]]))
        var random = SeededRandom(seed: 7)
        var bytes = 0.0
        for step in 0..<60_000 {
            let trace = make.trace(random.traceID(), key: 1 + step % 3, spans: 1 + step % 7)
            let isKept = chain.decide(trace, at: second + UInt64(step) * 1_000_000).isKept
            if isKept, step >= 20_000 { bytes += Double(trace.byteCount) }
        }
        #expect(abs(bytes / 40 - 10_000) < 1500, "\(bytes / 40)")
    }

    @Test("Reasons name the key's values")
    func names() throws {
        let (config, _) = TailSamplingFactory().read(["policies": policy("adaptive", ["spans_per_second": 5])])
        var builder = PolicyBuilder()
        let chain = PolicyChain(config.policies, stopsAtFirstMatch: false, &builder)
        let facts = SpanFacts(builder)
        let request = tracesRequest(resource: ["service.name": "checkout"], [TestSpan(.test(1), name: "GET /cart")])
        let index = try indexed(request)
        var trace = TraceFeatures(traceID: .test(1))
        let keys = facts.keyTables.keys(request.span, index, now: 0)
        trace.note(index.spans[0], request.span, MatchSet(), keys.keys(of: 0, resource: 0))
        let votes = chain.explain(trace, Measurements(count: chain.slotCount))
        #expect(votes.map(\.reason) == ["everything of checkout, GET /cart is sampled"])
    }
}
