import CollectorCore

/// What a policy would say of a trace if it had other random values.
enum Prospect {
    /// This, whatever the values are within their bounds.
    case answer(Vote.Answer)
    /// That depends, for one on which side of the threshold a value lies.
    case open(SamplingThreshold, RandomSource)
}

/// What is supposed of a trace's random values, of which there are as many as the policies have sources: bounds for
/// some of them, nothing for the others.
struct SupposedValues {
    /// The values of one source from `lower` up to `upper`, which is not among them.
    struct Bounds {
        let source: RandomSource
        /// What the trace has.
        let actual: UInt64
        var lower: UInt64 = 0
        var upper = SamplingThreshold.randomValues

        var count: UInt64 { upper - lower }
    }

    private(set) var bounds: [Bounds] = []

    subscript(place: Int) -> Bounds {
        get { bounds[place] }
        set { bounds[place] = newValue }
    }

    /// Where a source has its bounds.
    mutating func place(of source: RandomSource, _ trace: TraceFeatures) -> Int {
        if let place = bounds.firstIndex(where: { $0.source == source }) { return place }
        bounds.append(Bounds(source: source, actual: source.value(of: trace)))
        return bounds.count - 1
    }

    /// Whether a source's values reach a threshold.
    func prospect(_ threshold: SamplingThreshold, _ source: RandomSource) -> Prospect {
        if threshold == .always { return .answer(.sampled) }
        if threshold == .never { return .answer(.notSampled) }
        guard let known = bounds.first(where: { $0.source == source }) else { return .open(threshold, source) }
        if known.lower >= threshold.value { return .answer(.sampled) }
        return known.upper <= threshold.value ? .answer(.notSampled) : .open(threshold, source)
    }

    /// How many in 2^56 combinations of values lie within the bounds, rounded down.
    var share: UInt64 {
        bounds.reduce(SamplingThreshold.randomValues) { share, bounds in
            let product = share.multipliedFullWidth(by: bounds.count)
            return product.high << 8 | product.low >> 56
        }
    }
}
