package import CollectorCore

/// The `probabilistic_sampler` section.
package struct ProbabilisticSamplerConfig: Sendable {
    package enum Mode: String, Sendable, CaseIterable {
        /// By a 14-bit hash of the trace id, as collectors did before the tracestate standard.
        case hashSeed = "hash_seed"
        /// Keeps a share of what arrives.
        case proportional
        /// Lowers the probability to that of the configuration where it is higher.
        case equalizing
    }

    package var mode: Mode
    /// 0 to 100. 32 bits: the thresholds of `hash_seed` depend on its rounding.
    package var percentage: Float
    package var hashSeed: UInt32
    /// Whether spans that cannot be decided about are dropped.
    package var failClosed: Bool
    /// Hexadecimal digits of thresholds, 1 to 14.
    package var samplingPrecision: Int

    package init(_ reader: ConfigReader) {
        mode = reader.enumeration("mode", default: .hashSeed)
        let percentage = reader.double("sampling_percentage", default: 0, in: 0...Double.greatestFiniteMagnitude)
        self.percentage = min(100, Float(percentage))
        hashSeed = UInt32(truncatingIfNeeded: reader.integer("hash_seed", default: 0, in: 0...Int(UInt32.max)))
        failClosed = reader.bool("fail_closed", default: true)
        samplingPrecision = reader.integer("sampling_precision", default: 4, in: 1...SamplingThreshold.maximumDigits)
        if percentage > 0, Double(self.percentage) / 100 < SamplingThreshold.minimumProbability {
            reader.error(
                "sampling_percentage", "too small to be expressed; expected 0 or at least 1.4e-15 (one in 2^56)")
        }
        for key in ["attribute_source", "from_attribute", "sampling_priority"] where reader.has(key) {
            reader.note(key, "without effect: it is about log records, and this sampler is for traces")
        }
        reader.finish()
    }
}
