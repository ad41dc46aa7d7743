// Consistent probability sampling (OpenTelemetry specification, "TraceState: Probability Sampling"): a span has 56
// random bits R, a sampler a threshold T, and the span is kept iff R ≥ T. So T = (1 - p) · 2^56, and whoever samples
// with a lower probability keeps a subset of what others keep.

/// A rejection threshold: the number of the 2^56 random values that are dropped.
package struct SamplingThreshold: Sendable, Hashable, Comparable {
    /// 0 (all are kept) to 2^56 (none is).
    package let value: UInt64

    /// Hexadecimal digits of 56 bits.
    package static let maximumDigits = 14
    /// Values below the threshold of `never`, and the largest count one kept span can stand for.
    package static let randomValues: UInt64 = 1 << 56
    /// The lowest probability that thresholds can express.
    package static let minimumProbability = 0x1p-56

    package static let always = SamplingThreshold(clamping: 0)
    package static let never = SamplingThreshold(clamping: randomValues)

    /// - Parameter value: values above 2^56 mean `never`.
    package init(clamping value: UInt64) {
        self.value = min(value, Self.randomValues)
    }

    /// The threshold of a probability, with about `digits` significant digits: each leading 0 or f of the result adds
    /// one, so that probabilities near 0 and 1 keep their precision (1 % with four digits is `fd70a`, 1/3 is `aaab`).
    ///
    /// Nil below `minimumProbability`, above 1 and for NaN.
    package init?(probability: Double, digits: Int = maximumDigits) {
        guard probability >= Self.minimumProbability, probability <= 1 else { return nil }
        guard probability < 1 else {
            self = .always
            return
        }
        let extended = digits + max(leadingDigits(probability), leadingDigits(1 - probability))
        let precision = min(Self.maximumDigits, max(1, extended))
        let kept = UInt64((probability * Double(Self.randomValues)).rounded())
        var threshold = Self.randomValues - kept
        let shift = UInt64(4 * (Self.maximumDigits - precision))
        if shift > 0 {
            // Half up; a carry into the 57th bit would mean `never`, which the extended precision rules out.
            threshold += 1 << (shift - 1)
            threshold = (threshold >> shift) << shift
        }
        self.init(clamping: threshold)
    }

    /// The share of random values that are kept.
    package var probability: Double {
        Double(Self.randomValues - value) / Double(Self.randomValues)
    }

    /// The decision: R ≥ T (conformance 200).
    package func keeps(randomness: UInt64) -> Bool { randomness >= value }

    package static func < (left: SamplingThreshold, right: SamplingThreshold) -> Bool { left.value < right.value }
}

/// How many hexadecimal digits in front of a fraction's first significant one are zero.
private func leadingDigits(_ fraction: Double) -> Int {
    // The exponent of a significand in [0.5, 1), as the constants of the reference were computed with.
    max(0, -(Int(fraction.exponent) + 1) / 4)
}

extension SamplingThreshold {
    /// The value of a tracestate's `th`: 14 digits without the zeros at the end, `0` for a probability of 1
    /// (conformance 202). `never` has none and is written as the highest threshold.
    package var hexadecimal: [UInt8] {
        let digits = fourteenDigits(min(value, Self.randomValues - 1))
        guard let last = digits.lastIndex(where: { $0 != UInt8(ascii: "0") }) else { return [UInt8(ascii: "0")] }
        return Array(digits[...last])
    }
}

/// The value of a tracestate's `rv`: 14 lower-case hexadecimal digits.
package func fourteenDigits(_ value: UInt64) -> [UInt8] {
    (0..<14).map { position in
        let digit = UInt8(truncatingIfNeeded: value >> UInt64(4 * (13 - position))) & 0xf
        return digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
    }
}
