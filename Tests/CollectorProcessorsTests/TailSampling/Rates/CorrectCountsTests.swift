import CollectorCore
import CollectorTestKit
import OTLPWire
import Testing

@testable import CollectorProcessors

@Suite("tail_sampling: correct counts")
struct CorrectCountsTests {
    private static let policies: TestConfig = .list([
        .section(
            ("name", "five"), ("type", "probabilistic"), ("probabilistic", .section(("sampling_percentage", 5)))),
        .section(("name", "adaptive"), ("type", "adaptive"), ("adaptive", .section(("spans_per_second", 100)))),
        .section(
            ("name", "episodes"), ("type", "error_rate"),
            ("error_rate", .section(("sampling_percentage", 40), ("threshold_percent", 5)))),
        .section(
            ("name", "other"), ("type", "probabilistic"),
            ("probabilistic", .section(("sampling_percentage", 3), ("hash_salt", "another")))),
        .section(
            ("name", "errors"), ("type", "status_code"), ("status_code", .section(("status_codes", ["ERROR"])))),
    ])

    @Test("Counting each kept trace 1/p times gives the true number, of each key too, and R ≥ T holds as written")
    func unbiased() throws {
        let make = try SyntheticTraces()
        var chain = try TestChain(Self.policies)
        var random = SeededRandom(seed: 8)
        var counts = [Estimate](repeating: Estimate(), count: 6)
        var deciders: Set<UInt16> = []
        for step in 0..<200_000 {
            // Keys of 1/2, 1/4, … of the traffic; the fourth one has errors, and so episodes, half of the time.
            let key = 1 + min(4, random.next().leadingZeroBitCount)
            let isError = random.unit() < (key == 4 && step / 25_000 % 2 == 1 ? 0.2 : 0.001)
            // One in eight brings its randomness along.
            let randomness = step % 8 == 0 ? random.next() >> 8 : nil
            let trace = make.trace(random.traceID(), key: key, isError: isError, randomness: randomness)
            let decision = chain.decide(trace, at: 1_000_000_000 + UInt64(step) * 1_000_000)
            var probability: Double?
            if decision.isKept {
                deciders.insert(decision.policy)
                let written = decision.writesRandomness ? decision.randomness : trace.randomness
                #expect(written >= decision.threshold)
                #expect(!decision.forgetsThreshold)
                #expect(randomness == nil || written == randomness)
                probability = decision.probability()
            }
            counts[0].note(probability)
            counts[key].note(probability)
        }
        for (key, count) in counts.enumerated() {
            #expect(count.isWithinFourSigma, "key \(key): \(count)")
            #expect(count.kept > 0 && Double(count.kept) < count.actual)
        }
        #expect(deciders.count >= 4)
    }

    /// What traces were sampled with before they came: not at all, a half, a third, a tenth, a thousandth.
    private static let incoming: [UInt64] = [0, 1 << 55, 0xaaaa_aaaa_aaaa_ab, 0xe6_6666_6666_6666, 0xff_be76_c8b4_3958]

    @Test("The same for traces that were sampled before, with one probability or another")
    func sampledBefore() throws {
        let make = try SyntheticTraces()
        var chain = try TestChain(Self.policies)
        var random = SeededRandom(seed: 9)
        var counts = [Estimate](repeating: Estimate(), count: Self.incoming.count)
        for step in 0..<100_000 {
            let kind = step % Self.incoming.count
            let incoming = Self.incoming[kind]
            let trace = make.trace(
                random.traceID(sampledWith: incoming), key: 1 + step % 3,
                isError: random.unit() < (step / 25_000 % 2 == 1 ? 0.1 : 0.001), incoming: incoming)
            #expect(trace.incomingThreshold.value >> 24 == incoming >> 24)
            let decision = chain.decide(trace, at: 1_000_000_000 + UInt64(step) * 1_000_000)
            var probability: Double?
            if decision.isKept {
                #expect(!decision.forgetsThreshold && !decision.writesRandomness || incoming == 0)
                #expect(incoming == 0 || trace.randomness >= decision.threshold)
                probability = decision.probability(incoming: incoming)
            }
            counts[kind].note(probability, head: SamplingThreshold(clamping: incoming).probability)
        }
        for (kind, count) in counts.enumerated() {
            #expect(count.isWithinFourSigma, "\(Self.incoming[kind]): \(count)")
            // One in a thousand is less than any policy has: they are all kept, with their th.
            #expect(kind == 4 ? count.kept == 20_000 : count.kept > 0 && count.kept < 20_000)
        }
    }
}
