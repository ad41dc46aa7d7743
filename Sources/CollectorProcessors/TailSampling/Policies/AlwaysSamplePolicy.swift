import CollectorCore

/// `always_sample`: every trace.
struct AlwaysSampleSettings: PolicySettings {
    static let type = "always_sample"

    init(_ section: ConfigReader) {}

    func makePolicy(_ builder: inout PolicyBuilder) -> any SamplingPolicy { AlwaysSamplePolicy() }
}

struct AlwaysSamplePolicy: SamplingPolicy {
    func vote(on trace: TraceFeatures, _ measured: Measurements) -> Vote { .sampled }

    func reason(_ trace: TraceFeatures, _ measured: Measurements) -> String { "samples every trace" }
}
