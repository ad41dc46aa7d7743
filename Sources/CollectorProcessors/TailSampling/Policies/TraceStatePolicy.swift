import CollectorCore

/// `trace_state`: traces with a span whose W3C tracestate has the member with one of the values.
struct TraceStateSettings: PolicySettings {
    static let type = "trace_state"
    /// Key and value together; longer ones are ignored by the OpenTelemetry Collector.
    private static let longestMember = 255

    private let key: String
    private let values: [String]

    init(_ section: ConfigReader) {
        key = section.requiredString("key", example: "vendor")
        let before = section.diagnostics.all.count
        values = section.strings("values").filter { !$0.isEmpty }
        if values.isEmpty, section.diagnostics.all.count == before {
            section.error("values", "must have at least one value that is not empty")
        }
        for value in values where key.utf8.count + value.utf8.count > Self.longestMember {
            section.error(
                "values",
                "`\(value.clipped(to: 40))` and the key are longer than \(Self.longestMember) bytes together, which no "
                    + "member of a tracestate is")
        }
    }

    func makePolicy(_ builder: inout PolicyBuilder) -> any SamplingPolicy {
        let bit = builder.bit(.traceState(key: Array(key.utf8), oneOf: Set(values.map { Array($0.utf8) })))
        return ConditionPolicy(bit: bit, condition: "span has tracestate \(key) = \(ConditionPolicy.anyOf(values))")
    }
}
