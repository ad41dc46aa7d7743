import CollectorCore

/// `and`: traces that every sub-policy samples.
struct AndSettings: PolicySettings {
    static let type = "and"

    let subPolicies: [PolicyConfig]

    init(_ section: ConfigReader) {
        subPolicies = PolicyConfig.readList("and_sub_policy", section)
    }

    var needsWholeTrace: Bool { subPolicies.contains { $0.settings.needsWholeTrace } }

    func makePolicy(_ builder: inout PolicyBuilder) -> any SamplingPolicy {
        AndPolicy(parts: PolicyParts(subPolicies, &builder))
    }
}

struct AndPolicy: SamplingPolicy {
    let parts: PolicyParts

    func measure(_ trace: TraceFeatures, at now: UInt64, _ measured: inout Measurements) {
        parts.measure(trace, at: now, &measured)
    }

    func vote(on trace: TraceFeatures, _ measured: Measurements) -> Vote { parts.voteOfAll(trace, measured) }

    func prospect(of trace: TraceFeatures, _ measured: Measurements, supposing values: SupposedValues) -> Prospect {
        parts.prospectOfAll(trace, measured, supposing: values)
    }

    func reason(_ trace: TraceFeatures, _ measured: Measurements) -> String { parts.reasons(trace, measured) }

    func letIn(_ trace: TraceFeatures, _ measured: Measurements, at now: UInt64) {
        parts.letIn(trace, measured, at: now)
    }

    func noteDemand(of trace: TraceFeatures, _ measured: Measurements, at now: UInt64) {
        parts.noteDemandAsOne(of: trace, measured, at: now)
    }

    func learn(from trace: TraceFeatures, at now: UInt64) { parts.learn(from: trace, at: now) }

    func forget(_ keys: ForgottenKeys) { parts.forget(keys) }

    var leavesToChance: Bool { parts.leavesToChance }
    var takesAllowance: Bool { parts.takesAllowance }
    var measures: Bool { parts.measures }
    var hasTarget: Bool { parts.hasTarget }
    var learns: Bool { parts.learns }
}
