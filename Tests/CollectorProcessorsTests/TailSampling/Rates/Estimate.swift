import CollectorCore

@testable import CollectorProcessors

/// What kept traces stand for, and the variance of that, estimated from them.
struct Estimate {
    private(set) var actual = 0.0
    private(set) var kept = 0
    private(set) var total = 0.0
    private(set) var variance = 0.0

    var isWithinFourSigma: Bool { abs(total - actual) <= 4 * variance.squareRoot() + 1e-6 }

    /// - Parameters:
    ///   - probability: that of a kept trace; nil for a dropped one.
    ///   - head: with what probability the trace had been kept before it came.
    mutating func note(_ probability: Double?, head: Double = 1) {
        actual += 1 / head
        guard let probability else { return }
        kept += 1
        total += 1 / probability
        variance += (1 - probability / head) / (probability * probability)
    }
}

extension Decision {
    /// With what probability a kept trace was kept, as a reader of its tracestate takes it.
    /// - Parameter incoming: the `th` that it brought.
    func probability(incoming: UInt64 = 0) -> Double {
        SamplingThreshold(clamping: forgetsThreshold ? 0 : max(incoming, threshold)).probability
    }
}
