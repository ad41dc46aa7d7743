package import CollectorCore
package import OTLPWire

/// What this processor remembers of its decisions.
extension TailSampling: DecisionSource {
    /// Records looked through in one lock hold.
    private static let recordsAtOnce = 4096

    package func decisions(of trace: TraceID) -> [TraceDecision] {
        let hash = hash(trace)
        let shard = shards[TraceHash.shard(hash, of: shards.count)]
        let found = collect(shard, limit: 8) { record, _ in record.features.traceID == trace }
        if !found.isEmpty { return found }
        let remembered = shard.window.withLock { $0.cache.find(hash) }
        guard let (decision, decidedAt, _) = remembered else { return [] }
        return [verdict(trace, decision, decidedAt)]
    }

    package var policyNames: [String] { chain.members.map(\.name) + [Decision.promotionName] }

    package func latest(_ filter: DecisionFilter, limit: Int) -> [TraceDecision] {
        guard let asked = AskedPolicies(filter, chain) else { return [] }
        var decisions: [TraceDecision] = []
        for shard in shards {
            decisions += collect(shard, limit: limit) { record, measured in
                if let isKept = filter.isKept, isKept != record.decision.isKept { return false }
                if let decider = asked.decider, record.decision.policy != decider { return false }
                if let service = filter.service, service != self.service(record.features) { return false }
                return asked.voters.isEmpty
                    || record.isVotedOn && self.chain.haveVoted(asked.voters, record.features, measured())
            }
        }
        return Array(decisions.sorted { $0.decidedAt > $1.decidedAt }.prefix(limit))
    }

    /// Tells those who observe all decisions.
    func announce(_ records: [DecisionRecords.Element]) {
        context.decisions.announce(records.map { written($0.record, $0.measured) })
    }

    /// The newest decisions of a shard that `accepts` takes, `limit` at most.
    private func collect(
        _ shard: WindowShard, limit: Int, _ accepts: @Sendable (DecisionRecord, () -> Measurements) -> Bool
    ) -> [TraceDecision] {
        var found: [DecisionRecords.Element] = []
        var end: Int? = .max
        while let before = end, found.count < limit {
            let missing = limit - found.count
            let (part, rest) = shard.window.withLock {
                $0.records.latest(before: before, among: Self.recordsAtOnce, limit: missing, accepts)
            }
            found += part
            end = rest
        }
        return found.map { written($0.record, $0.measured) }
    }

    private func service(_ features: TraceFeatures) -> String {
        facts.keyTables.values(features.keys[TraceKeys.service], at: TraceKeys.service)?.first ?? ""
    }

    private func written(_ record: DecisionRecord, _ measured: Measurements) -> TraceDecision {
        let features = record.features
        var decision = verdict(features.traceID, record.decision, record.decidedAt)
        decision.trigger = record.trigger.word
        decision.spanCount = Int(features.spanCount)
        decision.byteCount = Int(clamping: features.byteCount)
        decision.durationNanoseconds = features.durationNanoseconds
        decision.service = service(features)
        decision.lateSpans = Int(record.lateSpans)
        if record.isVotedOn { decision.votes = chain.explain(features, measured) }
        return decision
    }

    /// What is known when only the verdict is remembered.
    private func verdict(_ trace: TraceID, _ decision: Decision, _ decidedAt: UInt64) -> TraceDecision {
        let threshold = SamplingThreshold(clamping: decision.threshold)
        return TraceDecision(
            sampler: context.id.description, traceID: trace, isKept: decision.isKept,
            decidedAt: wallTimeOffset &+ decidedAt,
            policy: decision.policyName(chain.members), trigger: TraceDecision.cache,
            threshold: decision.threshold > 0 ? String(decoding: threshold.hexadecimal, as: UTF8.self) : nil,
            probability: decision.threshold > 0 ? threshold.probability : nil)
    }
}

/// The policies of a `DecisionFilter`, found in a chain.
private struct AskedPolicies {
    /// `Decision.policy` of the traces that are asked for; nil for any.
    var decider: UInt16?
    /// The positions of policies that must have voted for the trace.
    var voters: [Int] = []

    /// Nil for a policy that there is not: it has neither decided nor voted.
    init?(_ filter: DecisionFilter, _ chain: PolicyChain) {
        if let name = filter.policy {
            if let shadow = chain.members.firstIndex(where: { $0.name == name && $0.isShadow }) {
                voters.append(shadow)
            } else if let policy = Decision.policy(named: name, chain.members) {
                decider = policy
            } else {
                return nil
            }
        }
        if let name = filter.voter {
            guard let voter = chain.members.firstIndex(where: { $0.name == name }) else { return nil }
            voters.append(voter)
        }
    }
}
