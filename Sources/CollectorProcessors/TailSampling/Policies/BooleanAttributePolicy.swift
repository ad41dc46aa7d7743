import CollectorCore

/// `boolean_attribute`: traces with a span or resource that has a boolean attribute of this value. Only booleans match.
struct BooleanAttributeSettings: PolicySettings {
    static let type = "boolean_attribute"

    private let key: String
    private let value: Bool
    private let isInverted: Bool

    init(_ section: ConfigReader) {
        key = section.requiredString("key", example: "error")
        let before = section.diagnostics.all.count
        let value = section.optionalBool("value")
        if value == nil, section.diagnostics.all.count == before {
            section.warning("value", "is not set: traces with `\(key)` = false are sampled; write true or false")
        }
        self.value = value ?? false
        isInverted = section.bool("invert_match", default: false)
    }

    func makePolicy(_ builder: inout PolicyBuilder) -> any SamplingPolicy {
        ConditionPolicy(
            bit: builder.bit(.boolean(key: Array(key.utf8), value)), isInverted: isInverted,
            condition: "span or resource has \(key) = \(value)")
    }
}
