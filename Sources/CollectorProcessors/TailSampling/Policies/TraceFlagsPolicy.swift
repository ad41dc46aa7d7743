import CollectorCore

/// `trace_flags`: traces with a span that has W3C's `sampled` flag, bit 0 of its flags. There are no settings.
struct TraceFlagsSettings: PolicySettings {
    static let type = "trace_flags"

    init(_ section: ConfigReader) {}

    func makePolicy(_ builder: inout PolicyBuilder) -> any SamplingPolicy {
        ConditionPolicy(bit: builder.bit(.isFlaggedSampled), condition: "span has the sampled flag")
    }
}
