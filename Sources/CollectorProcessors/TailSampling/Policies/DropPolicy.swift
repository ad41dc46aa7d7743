import CollectorCore

/// `drop`: traces that every sub-policy samples are dropped, whatever other policies say.
struct DropSettings: PolicySettings {
    static let type = "drop"

    private let policies: [PolicyConfig]

    init(_ section: ConfigReader) {
        policies = PolicyConfig.readList("drop_sub_policy", section)
        for limit in policies.flatMap(\.limits) {
            section.diagnostics.error(
                at: limit.typeMark, path: limit.typePath,
                "`\(limit.type)` cannot stand inside `drop`: only kept traces use its allowance up, so it would drop "
                    + "without a limit; to keep no more than it allows, put it into `policies` or an `and`")
        }
    }

    var needsWholeTrace: Bool { policies.contains { $0.settings.needsWholeTrace } }

    func makePolicy(_ builder: inout PolicyBuilder) -> any SamplingPolicy {
        DropPolicy(parts: PolicyParts(policies, &builder))
    }
}

struct DropPolicy: SamplingPolicy {
    let parts: PolicyParts

    func measure(_ trace: TraceFeatures, at now: UInt64, _ measured: inout Measurements) {
        parts.measure(trace, at: now, &measured)
    }

    func vote(on trace: TraceFeatures, _ measured: Measurements) -> Vote {
        var vote = parts.voteOfAll(trace, measured)
        if vote.answer == .sampled { vote.answer = .dropped }
        return vote
    }

    func prospect(of trace: TraceFeatures, _ measured: Measurements, supposing values: SupposedValues) -> Prospect {
        let prospect = parts.prospectOfAll(trace, measured, supposing: values)
        guard case .answer(.sampled) = prospect else { return prospect }
        return .answer(.dropped)
    }

    func reason(_ trace: TraceFeatures, _ measured: Measurements) -> String { parts.reasons(trace, measured) }

    func noteDemand(of trace: TraceFeatures, _ measured: Measurements, at now: UInt64) {
        parts.noteDemandAsOne(of: trace, measured, at: now)
    }

    func learn(from trace: TraceFeatures, at now: UInt64) { parts.learn(from: trace, at: now) }

    func forget(_ keys: ForgottenKeys) { parts.forget(keys) }

    var leavesToChance: Bool { parts.leavesToChance }
    var measures: Bool { parts.measures }
    var hasTarget: Bool { parts.hasTarget }
    var learns: Bool { parts.learns }
}
