import CollectorCore

/// `numeric_attribute`: traces with a span or resource that has an integer attribute in the range, both bounds included.
/// Integers only: doubles do not match, as recorded of the OpenTelemetry Collector. A bound that is given counts, also 0.
struct NumericAttributeSettings: PolicySettings {
    static let type = "numeric_attribute"

    private let key: String
    private let minimum: Int?
    private let maximum: Int?
    private let isInverted: Bool

    init(_ section: ConfigReader) {
        key = section.requiredString("key", example: "http.status_code")
        let before = section.diagnostics.all.count
        minimum = section.optionalInteger("min_value", in: Int.min...Int.max)
        maximum = section.optionalInteger("max_value", in: Int.min...Int.max)
        isInverted = section.bool("invert_match", default: false)
        guard section.diagnostics.all.count == before else { return }
        if minimum == nil, maximum == nil {
            section.error("min_value", "must be set, or `max_value`, or both")
        }
        if let minimum, let maximum, minimum > maximum {
            section.error("max_value", "must not be less than `min_value` (\(minimum)): no number could match")
        }
    }

    func makePolicy(_ builder: inout PolicyBuilder) -> any SamplingPolicy {
        let lowest = Int64(minimum ?? .min)
        let range = lowest...max(lowest, Int64(maximum ?? .max))
        return ConditionPolicy(
            bit: builder.bit(.integer(key: Array(key.utf8), range)), isInverted: isInverted,
            condition: "span or resource has \(key) \(rangeText)")
    }

    private var rangeText: String {
        switch (minimum, maximum) {
        case (let minimum?, let maximum?): "from \(minimum) to \(maximum)"
        case (let minimum?, nil): "≥ \(minimum)"
        case (nil, let maximum?): "≤ \(maximum)"
        case (nil, nil): "that is an integer"
        }
    }
}
