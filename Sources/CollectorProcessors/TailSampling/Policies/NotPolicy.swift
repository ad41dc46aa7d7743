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
        let vote = parts.voteOfAll(trace, measured)
        let inclusion = vote.inclusion.turned
        switch vote.answer {
        case .sampled: return Vote(answer: .notSampled, inclusion: inclusion)
        case .notSampled: return Vote(answer: .sampled, inclusion: inclusion)
        case .dropped, .error: return .error
        }
    }

    func reason(_ trace: TraceFeatures, _ measured: Measurements) -> String {
        "not: " + parts.reasons(trace, measured)
    }

    func learn(from trace: TraceFeatures, isCandidate: Bool, at now: UInt64) {
        parts.learn(from: trace, isCandidate: isCandidate, at: now)
    }

    var measures: Bool { parts.measures }
    var learns: Bool { parts.learns }
}

extension Inclusion {
    /// The probability that chance leaves a trace out, by the mirrored random value. What has a random value of its own
    /// cannot get another one.
    fileprivate var turned: Inclusion {
        switch self {
        case .certain: return .certain
        case .chance(let threshold, let source) where source.isDerived:
            let mirrored = SamplingThreshold(clamping: SamplingThreshold.randomValues - threshold.value)
            return .chance(mirrored, source.mirrored)
        case .chance, .unknown: return .unknown
        }
    }
}
