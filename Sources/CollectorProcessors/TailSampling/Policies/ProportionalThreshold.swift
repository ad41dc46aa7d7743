import CollectorCore

extension SamplingThreshold {
    /// The threshold that keeps of traces like this one, as they arrive, the share that this one keeps of all random
    /// values (conformance 207, "proportional").
    ///
    /// Traces that were sampled before have no random value below their threshold any more: of those with `th:c`, this
    /// threshold's own would have to be above that to drop one.
    ///
    ///     0                    c              1
    ///     |  dropped before    |▒▒▒▒▒▒▒▒▒▒▒▒▒▒|        arrive
    ///     |                    |        |▒▒▒▒▒|        a share of them
    func proportional(to trace: TraceFeatures) -> SamplingThreshold {
        let incoming = trace.incomingThreshold
        if incoming == .always || self == .always || self == .never { return self }
        let probability = incoming.probability * self.probability
        return SamplingThreshold(probability: probability, digits: Self.proportionalDigits) ?? .never
    }

    /// Significant digits: the share is kept to the hundredth of a percent.
    private static let proportionalDigits = 4
}
