import CollectorCore

/// Samples by whether some span of the trace meets a condition.
struct ConditionPolicy: SamplingPolicy {
    /// The condition's place in `MatchSet`.
    let bit: Int
    /// `invert_match`: samples when no span does.
    let isInverted: Bool
    /// Who is asked, and what for: `span or resource has http.route = /health`.
    private let condition: String

    init(bit: Int, isInverted: Bool = false, condition: String) {
        self.bit = bit
        self.isInverted = isInverted
        self.condition = condition.printable
    }

    func vote(on trace: TraceFeatures, _ measured: Measurements) -> Vote {
        trace.matches[bit] != isInverted ? .sampled : .notSampled
    }

    func reason(_ trace: TraceFeatures, _ measured: Measurements) -> String {
        (trace.matches[bit] ? "a " : "no ") + condition
    }

    /// `one or other`, long lists clipped.
    static func anyOf(_ values: [String]) -> String { values.joined(separator: " or ").clipped(to: 200) }
}
