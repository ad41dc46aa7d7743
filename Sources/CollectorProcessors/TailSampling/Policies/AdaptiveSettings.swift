import CollectorCore

/// The settings of `adaptive`.
struct AdaptiveSettings: PolicySettings {
    static let type = "adaptive"

    private let unit: LimitingPolicy.Unit
    private let rule: AdaptiveRates.Rule
    private let key: [TraceKeyPart]

    private static let shortestInterval = Duration.milliseconds(100)

    init(_ section: ConfigReader) {
        let usesBytes = section.has("bytes_per_second")
        if usesBytes == section.has("spans_per_second") {
            section.error(
                usesBytes ? "bytes_per_second" : nil,
                "set either `spans_per_second` or `bytes_per_second`, the target to be met")
        }
        unit = usesBytes ? .bytes : .spans
        // Asked for in any case, so that both are known keys.
        let why = "a target of 0 would never let a trace in"
        let spans = section.has("spans_per_second") ? section.positive("spans_per_second", why, example: "1000") : 1
        let bytes = usesBytes ? section.positive("bytes_per_second", why, example: "1000000") : 1
        let target = usesBytes ? bytes : spans
        let floor = section.double("floor_per_second", default: 1, in: 0...Double.greatestFiniteMagnitude)
        let leastCost: Double = unit == .spans ? 1 : Double(TailSamplingConfig.leastTraceBytes)
        if section.has("floor_per_second"), unit == .spans, floor > target {
            section.error(
                "floor_per_second",
                "asks for \(brief(floor)) traces a second of each key, more than the target of \(brief(target)) spans")
        } else if floor * leastCost > target {
            section.warning(
                "floor_per_second",
                "\(section.has("floor_per_second") ? "is" : "is by default") \(brief(floor)) traces a second of each key, "
                    + "more than the target of \(brief(target)) \(unit.rawValue): the floor is kept, the target is not; "
                    + "set a lower one, 0 for none")
        }
        let interval = section.duration("adjustment_interval", default: .seconds(5))
        if interval < Self.shortestInterval {
            section.error("adjustment_interval", "must be 100ms at least: less tells nothing of rates")
        }
        key = [TraceKeyPart](section)
        rule = AdaptiveRates.Rule(target: target, floor: floor, interval: max(1, interval.nanoseconds))
    }

    var needsWholeTrace: Bool { true }

    func makePolicy(_ builder: inout PolicyBuilder) -> any SamplingPolicy {
        AdaptivePolicy(
            unit, rule, key: builder.key(key, learning: AdaptiveRates.bytesPerKey), slot: builder.slot())
    }
}
