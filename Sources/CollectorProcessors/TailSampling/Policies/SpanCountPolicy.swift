import CollectorCore

/// `span_count`: traces of at least `min_spans` spans and, when given, at most `max_spans`.
struct SpanCountSettings: PolicySettings {
    static let type = "span_count"

    private let policy: SpanCountPolicy

    init(_ section: ConfigReader) {
        let before = section.diagnostics.all.count
        let minimum = section.integer("min_spans", default: 0, in: 0...Int(Int32.max))
        let maximum = section.integer("max_spans", default: 0, in: 0...Int(Int32.max))
        if maximum > 0, maximum < minimum {
            section.error("max_spans", "must not be less than `min_spans` (\(minimum)), or 0 for no upper bound")
        }
        if minimum < 2, maximum == 0, section.diagnostics.all.count == before {
            section.warning(
                "min_spans",
                "is \(minimum) without a `max_spans`, which samples every trace; 2 leaves out those of one span")
        }
        policy = SpanCountPolicy(minimum: UInt32(minimum), maximum: maximum == 0 ? nil : UInt32(maximum))
    }

    var needsWholeTrace: Bool { policy.maximum != nil }

    func makePolicy(_ builder: inout PolicyBuilder) -> any SamplingPolicy { policy }
}

struct SpanCountPolicy: SamplingPolicy {
    let minimum: UInt32
    let maximum: UInt32?

    func vote(on trace: TraceFeatures, _ measured: Measurements) -> Vote {
        trace.spanCount >= minimum && trace.spanCount <= maximum ?? .max ? .sampled : .notSampled
    }

    func reason(_ trace: TraceFeatures, _ measured: Measurements) -> String {
        if trace.spanCount < minimum { return "\(spans(trace.spanCount)) < \(minimum)" }
        if let maximum, trace.spanCount > maximum { return "\(spans(trace.spanCount)) > \(maximum)" }
        return "\(spans(trace.spanCount)), \(minimum)\(maximum.map { " to \($0)" } ?? " or more") asked"
    }
}
