import CollectorCore
import CollectorTestKit
import OTLPWire
import Testing

@testable import CollectorProcessors

private func named(_ name: String, _ type: String, _ settings: TestConfig) -> TestConfig {
    .section(("name", .scalar(name)), ("type", .scalar(type)), (type, settings))
}

/// A probabilistic policy.
private func chance(_ percentage: Double, _ salt: String = "") -> TestConfig {
    let name = "chance \(percentage) \(salt)"
    return named(name, "probabilistic", ["sampling_percentage": .scalar("\(percentage)"), "hash_salt": .text(salt)])
}

private func all(_ parts: TestConfig...) -> TestConfig { named("all", "and", ["and_sub_policy": .list(parts)]) }
private func not(_ part: TestConfig) -> TestConfig { named("not", "not", ["not_sub_policy": part]) }
private func drop(_ parts: TestConfig...) -> TestConfig { named("drop", "drop", ["drop_sub_policy": .list(parts)]) }
private let errors = named("errors", "status_code", ["status_codes": ["ERROR"]])
private let fine = named("fine", "status_code", ["status_codes": ["UNSET"]])
private let every = named("every", "always_sample", [:])
private let limit = named("limit", "rate_limiting", ["spans_per_second": 300])

private func composite(_ parts: TestConfig..., spansPerSecond: Int) -> TestConfig {
    named(
        "composite", "composite",
        ["max_total_spans_per_second": .scalar("\(spansPerSecond)"), "composite_sub_policy": .list(parts)])
}

private func adaptive(_ spansPerSecond: Int) -> TestConfig {
    named(
        "adaptive", "adaptive",
        ["spans_per_second": .scalar("\(spansPerSecond)"), "adjustment_interval": "1s"])
}

@Suite("tail_sampling: probabilities of policies that leave it to chance inside each other")
struct ChanceCompositionTests {
    private static let millisecond: UInt64 = 1_000_000

    // MARK: Exact

    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let policies: [TestConfig]
        /// Of traces without and with an error.
        let probabilities: [Double]

        init(_ description: String, _ probabilities: [Double], _ policies: TestConfig...) {
            testDescription = description
            self.policies = policies
            self.probabilities = probabilities
        }
    }

    private static let cases = [
        Case("not 50 beside 50: everything", [1, 1], not(chance(50)), chance(50)),
        Case("not 50 beside 50 of another salt", [0.75, 0.75], not(chance(50, "a")), chance(50)),
        Case("the same with both of that salt", [1, 1], not(chance(50, "a")), chance(50, "a")),
        Case("not 70 beside 10", [0.4, 0.4], not(chance(70)), chance(10)),
        Case("not 70 beside 80: overlapping", [1, 1], not(chance(70)), chance(80)),
        Case("not 90 of another salt beside 10", [0.19, 0.19], not(chance(90, "a")), chance(10)),
        Case("not (errors and 50) beside 10", [1, 0.6], not(all(errors, chance(50))), chance(10)),
        Case("not of not", [0.3, 0.3], not(not(chance(30)))),
        Case("and of two salts", [0.25, 0.25], all(chance(50, "a"), chance(50, "b"))),
        Case("and of one salt", [0.2, 0.2], all(chance(50), chance(20))),
        Case("a slice: 50 and not 20", [0.3, 0.3], all(chance(50), not(chance(20)))),
        Case("two slices that touch", [0.5, 0.5], all(chance(50), not(chance(20))), chance(20)),
        Case("two slices that do not", [0.4, 0.4], all(chance(50), not(chance(20))), chance(10)),
        Case("three salts", [0.496, 0.496], chance(20, "a"), chance(30, "b"), chance(10)),
        Case("drop 50", [0.5, 0.5], drop(chance(50)), every),
        Case("drop 50 of another salt beside 40", [0.2, 0.5], drop(chance(50, "a")), chance(40), errors),
        Case("drop 50 beside 80 of the same", [0.3, 0.3], drop(chance(50)), chance(80)),
        Case("drop errors by chance only", [1, 0.9], drop(errors, chance(10)), every),
    ]

    @Test("The probability written is the share that is kept, and rv is spread evenly over it", arguments: cases)
    func exact(test: Case) throws {
        let make = try SyntheticTraces()
        var chain = try TestChain(.list(test.policies))
        var random = SeededRandom(seed: 3)
        for (isError, probability) in zip([false, true], test.probabilities) {
            let count = 1500
            var kept = 0
            var places = 0.0
            for _ in 0..<count {
                let trace = make.trace(random.traceID(), isError: isError)
                let decision = chain.decide(trace, at: Self.millisecond)
                guard decision.isKept else { continue }
                kept += 1
                #expect(!decision.forgetsThreshold)
                #expect(abs(decision.probability() - probability) < 1e-15)
                #expect(decision.writesRandomness == (probability < 1) && decision.randomness >= decision.threshold)
                places += (1 - Double(decision.randomness) * 0x1p-56) / probability
            }
            let sigma = (Double(count) * probability * (1 - probability)).squareRoot()
            #expect(abs(Double(kept) - Double(count) * probability) <= 4 * sigma)
            if probability < 1 { #expect(abs(places / Double(kept) - 0.5) < 4 * (1 / 12 / Double(kept)).squareRoot()) }
        }
    }

    @Test("A trace's own randomness stays: what keeps low values of it cannot be written, unless it keeps all")
    func ownRandomness() throws {
        let make = try SyntheticTraces()
        let low = make.trace(.test(1), randomness: 1 << 52)
        let high = make.trace(.test(1), randomness: 0xf << 52)
        func decide(_ trace: TraceFeatures, _ policies: TestConfig...) throws -> Decision {
            var chain = try TestChain(.list(policies))
            let decision = chain.decide(trace, at: Self.millisecond)
            try #require(decision.isKept)
            return decision
        }
        #expect(try decide(low, not(chance(50))).forgetsThreshold)
        #expect(try decide(high, not(chance(50)), chance(10)).forgetsThreshold)
        let everything = try decide(low, not(chance(50)), chance(60, "a"))
        #expect(everything.threshold == 0 && !everything.forgetsThreshold)
        #expect(try decide(high, not(not(chance(50)))).threshold == 1 << 55)
        // Salts do not count then: one random value, one threshold.
        #expect(try decide(high, all(chance(50, "a"), chance(25, "b"))).threshold == 0xc << 52)
    }

    // MARK: Limits

    @Test(
        "Limits beside chance count as conditions, and what is counted stays unbiased",
        arguments: [
            [limit, chance(10)], [all(limit, chance(60)), chance(10)], [limit, chance(20, "a"), chance(5)],
            [composite(chance(50), errors, spansPerSecond: 250), chance(10, "b")], [limit, adaptive(150)],
            [limit, all(chance(50), not(chance(20)))], [limit, drop(errors), chance(10)],
        ])
    func limits(policies: [TestConfig]) throws {
        let make = try SyntheticTraces()
        var chain = try TestChain(.list(policies))
        var random = SeededRandom(seed: 4)
        var estimate = Estimate()
        var certain = 0
        for step in 1...8000 as ClosedRange<UInt64> {
            let trace = make.trace(random.traceID())
            let decision = chain.decide(trace, at: step * Self.millisecond)
            #expect(!decision.forgetsThreshold)
            estimate.note(decision.isKept ? decision.probability() : nil)
            if decision.isKept, decision.threshold == 0 { certain += 1 }
        }
        #expect(estimate.isWithinFourSigma, "\(estimate)")
        #expect(estimate.kept > 1000 && certain < estimate.kept)
    }

    @Test(
        "What only a limit lets in has no probability",
        arguments: [
            [limit], [all(limit, chance(50))], [composite(chance(50), spansPerSecond: 100)], [limit, errors],
            [limit, drop(chance(50))], [limit, all(errors, chance(50))],
        ])
    func limitsAlone(policies: [TestConfig]) throws {
        let make = try SyntheticTraces()
        var chain = try TestChain(.list(policies))
        let decisions = (1...50 as ClosedRange<UInt64>).map {
            chain.decide(make.trace(.test($0)), at: Self.millisecond)
        }
        #expect(decisions.contains { $0.isKept })
        #expect(decisions.allSatisfy { !$0.isKept || ($0.forgetsThreshold && $0.threshold == 0) })
    }

    // MARK: Random compositions

    private static let salts = ["", "a", "b"]

    /// - Parameter consistent: without what keeps low random values.
    private static func composition(_ random: inout SeededRandom, depth: Int, consistent: Bool) -> TestConfig {
        let kind = random.next() % (depth == 0 ? 5 : consistent ? 8 : 10)
        var number = 0
        func part(_ random: inout SeededRandom) -> TestConfig {
            number += 1
            guard case .map(let entries) = composition(&random, depth: depth - 1, consistent: consistent) else {
                return .null
            }
            return .map(entries.map { $0.0 == "name" ? ("name", .scalar("part \(number)")) : $0 })
        }
        switch kind {
        case 0: return random.next() % 2 == 0 ? errors : fine
        case 1...4: return chance(Double(5 + random.next() % 90), salts[Int(random.next() % 3)])
        case 5...7: return all(part(&random), part(&random))
        default: return not(part(&random))
        }
    }

    private static func chain(_ random: inout SeededRandom, consistent: Bool) throws -> TestChain {
        var policies = (0...random.next() % 3).map { _ in composition(&random, depth: 2, consistent: consistent) }
        if !consistent, random.next() % 3 == 0 {
            policies.append(drop(composition(&random, depth: 1, consistent: false)))
        }
        for (position, policy) in policies.enumerated() {
            guard case .map(let entries) = policy else { continue }
            policies[position] = .map(entries.map { $0.0 == "name" ? ("name", .scalar("policy \(position)")) : $0 })
        }
        return try TestChain(.list(policies))
    }

    @Test("Whatever policies are put inside each other, counts are unbiased", arguments: [false, true])
    func compositions(consistent: Bool) throws {
        let make = try SyntheticTraces()
        var random = SeededRandom(seed: 5)
        var counted = 0
        for number in 0..<60 {
            var chain = try Self.chain(&random, consistent: consistent)
            // Head sampling before with 1/2, 1/4, 1/8 or not at all: R ≥ T_in is known.
            let head = consistent ? 1 / Double(1 << (number % 4)) : 1
            let incoming = SamplingThreshold(probability: head)?.value ?? 0
            var estimates = [Estimate(), Estimate()]
            for step in 0..<1000 {
                let isError = step % 2 == 1
                let randomness = incoming + UInt64(random.unit() * Double(SamplingThreshold.randomValues - incoming))
                let trace = make.trace(
                    random.traceID(), isError: isError, randomness: consistent ? randomness : nil)
                let decision = chain.decide(trace, at: Self.millisecond)
                if decision.isKept {
                    #expect(!decision.forgetsThreshold)
                    #expect(decision.threshold == 0 || decision.randomness >= decision.threshold)
                }
                estimates[isError ? 1 : 0].note(
                    decision.isKept ? decision.probability(incoming: incoming) : nil, head: head)
            }
            // What is never kept counts nowhere; what is hardly ever kept says little.
            for estimate in estimates where estimate.kept > 10 {
                counted += 1
                #expect(estimate.isWithinFourSigma, "composition \(number): \(estimate)")
            }
        }
        #expect(counted > 60)
    }

    @Test("What adaptive leaves out, beside chance by the same random values")
    func notAdaptive() throws {
        let make = try SyntheticTraces()
        var random = SeededRandom(seed: 6)
        for policies in [[not(adaptive(500)), chance(40)], [not(chance(99)), adaptive(250)]] {
            var chain = try TestChain(.list(policies))
            var estimate = Estimate()
            for step in 1...10_000 as ClosedRange<UInt64> {
                let decision = chain.decide(make.trace(random.traceID()), at: step * Self.millisecond)
                estimate.note(decision.isKept ? decision.probability() : nil)
            }
            #expect(estimate.isWithinFourSigma, "\(estimate)")
        }
    }

    @Test("Seventeen salts, nested in any way, are measured or given up, in bounded time")
    func manySources() throws {
        let make = try SyntheticTraces()
        let salts = (0..<17).map { chance(5, "salt \($0)") }
        var either = try TestChain(.list(salts))
        let pairs = (0..<17).map { pair in
            named(
                "pair \(pair)", "and",
                ["and_sub_policy": [chance(50, "left \(pair)"), not(chance(50, "right \(pair)"))]])
        }
        var nested = try TestChain(.list(pairs))
        var kept = 0
        for number in 1...60 as ClosedRange<UInt64> {
            let decision = either.decide(make.trace(.test(number)), at: Self.millisecond)
            if decision.isKept {
                kept += 1
                #expect(abs(decision.probability() - (1 - (0..<17).reduce(1) { left, _ in left * 0.95 })) < 1e-12)
            }
            let other = nested.decide(make.trace(.test(number)), at: Self.millisecond)
            #expect(!other.isKept || other.forgetsThreshold != (other.threshold > 0))
        }
        #expect(kept > 20)
    }
}
