import CollectorCore

/// `not`: traces that the sub-policy does not sample.
struct NotSettings: PolicySettings {
    static let type = "not"

    private let policy: PolicyConfig?

    init(_ section: ConfigReader) {
        guard let part = section.section("not_sub_policy") else {
            section.error("not_sub_policy", "is required: the policy whose vote is turned around")
            policy = nil
            return
        }
        policy = PolicyConfig.read(part)
        for limit in policy?.limits ?? [] {
            section.diagnostics.error(
                at: limit.typeMark, path: limit.typePath,
                "`\(limit.type)` cannot stand inside `not`: only traces that it keeps use its allowance up, and `not` "
                    + "keeps none of them; to keep no more than it allows, put it beside the `not` into an `and`")
        }
        part.finish()
    }

    // A span that comes later may make the sub-policy sample.
    var needsWholeTrace: Bool { true }

    func makePolicy(_ builder: inout PolicyBuilder) -> any SamplingPolicy {
        NotPolicy(parts: PolicyParts(policy.map { [$0] } ?? [], &builder))
    }
}

struct NotPolicy: SamplingPolicy {
    let parts: PolicyParts

    func measure(_ trace: TraceFeatures, at now: UInt64, _ measured: inout Measurements) {
        parts.measure(trace, at: now, &measured)
    }

    func vote(on trace: TraceFeatures, _ measured: Measurements) -> Vote {
        var vote = parts.voteOfAll(trace, measured)
        vote.answer = Self.turned(vote.answer)
        return vote
    }

    func prospect(of trace: TraceFeatures, _ measured: Measurements, supposing values: SupposedValues) -> Prospect {
        let prospect = parts.prospectOfAll(trace, measured, supposing: values)
        guard case .answer(let answer) = prospect else { return prospect }
        return .answer(Self.turned(answer))
    }

    func reason(_ trace: TraceFeatures, _ measured: Measurements) -> String {
        "not: " + parts.reasons(trace, measured)
    }

    func noteDemand(of trace: TraceFeatures, _ measured: Measurements, at now: UInt64) {
        parts.noteDemandAsOne(of: trace, measured, at: now)
    }

    func learn(from trace: TraceFeatures, at now: UInt64) { parts.learn(from: trace, at: now) }

    func forget(_ keys: ForgottenKeys) { parts.forget(keys) }

    var leavesToChance: Bool { parts.leavesToChance }
    var measures: Bool { parts.measures }
    var hasTarget: Bool { parts.hasTarget }
    var learns: Bool { parts.learns }

    private static func turned(_ answer: Vote.Answer) -> Vote.Answer {
        switch answer {
        case .sampled: .notSampled
        case .notSampled: .sampled
        case .dropped, .error: .error
        }
    }
}
