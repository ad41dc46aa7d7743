import CollectorCore
import Testing

@Suite struct SamplingThresholdTests {
    @Test(arguments: [
        (1.0, "0"), (0.5, "8"), (0.25, "c"), (0.1, "e666"), (0.01, "fd70a"), (0.001, "ffbe77"), (1.0 / 3, "aaab"),
        (0.999, "004189"), (2.0 / 3, "5555"),
    ])
    func `four digits of precision, one more for each leading 0 or f (conformance 202, 215)`(
        probability: Double, digits: String
    ) throws {
        let threshold = try #require(SamplingThreshold(probability: probability, digits: 4))
        #expect(String(decoding: threshold.hexadecimal, as: UTF8.self) == digits)
    }

    @Test func `probabilities that thresholds cannot express are refused (conformance 207)`() {
        #expect(SamplingThreshold(probability: 0x1p-57) == nil)
        #expect(SamplingThreshold(probability: 0) == nil)
        #expect(SamplingThreshold(probability: 1.0000001) == nil)
        #expect(SamplingThreshold(probability: .nan) == nil)
        #expect(SamplingThreshold(probability: 0x1p-56)?.value == (1 << 56) - 1)
    }

    @Test func `a threshold keeps the random values that are not below it (conformance 200)`() throws {
        let half = try #require(SamplingThreshold(probability: 0.5))
        #expect(half.keeps(randomness: 1 << 55))
        #expect(!half.keeps(randomness: (1 << 55) - 1))
        #expect(SamplingThreshold.always.keeps(randomness: 0))
        #expect(!SamplingThreshold.never.keeps(randomness: (1 << 56) - 1))
    }

    @Test func `a lower probability keeps a subset (conformance 204)`() throws {
        var last = SamplingThreshold.always
        for percent in stride(from: 100.0, through: 0.1, by: -0.1) {
            let threshold = try #require(SamplingThreshold(probability: percent / 100, digits: 4))
            #expect(threshold >= last)
            last = threshold
        }
    }

    @Test func `full precision gives the probability back`() throws {
        for probability in [0.3, 0.123456, 1e-9] {
            let threshold = try #require(SamplingThreshold(probability: probability))
            #expect(abs(threshold.probability - probability) < 1e-16)
        }
    }
}
