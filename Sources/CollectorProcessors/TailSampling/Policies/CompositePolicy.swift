import Synchronization

/// `composite`: sub-policies in an order, each with a share of a number of spans per second. The first one that samples
/// a trace and can pay for it lets it in.
final class CompositePolicy: SamplingPolicy {
    /// In the order in which they are asked.
    private let parts: PolicyParts
    /// The places of what each part could spend, and behind them that of what there was in all.
    private let slots: [Int]
    /// As at the start, for its shares.
    private let full: CompositeAllowance
    private let allowance: Mutex<CompositeAllowance>
    /// From the times given to the time of day.
    private let wallTimeOffset: UInt64

    /// - Parameter slots: one for each part and one more.
    init(parts: PolicyParts, slots: [Int], allowance: CompositeAllowance, wallTimeOffset: UInt64) {
        self.wallTimeOffset = wallTimeOffset
        self.parts = parts
        self.slots = slots
        full = allowance
        self.allowance = Mutex(allowance)
    }

    func measure(_ trace: TraceFeatures, at now: UInt64, _ measured: inout Measurements) {
        parts.measure(trace, at: now, &measured)
        allowance.withLock { allowance in
            allowance.fill(until: now &+ wallTimeOffset)
            for part in parts.policies.indices { measured[number: slots[part]] = allowance.available(to: part) }
            measured[number: slots[parts.policies.count]] = allowance.balance
        }
    }

    func vote(on trace: TraceFeatures, _ measured: Measurements) -> Vote {
        var vote = Vote.notSampled
        for part in parts.policies.indices where canPay(part, for: trace, measured) {
            let ofPart = parts.policies[part].vote(on: trace, measured)
            if ofPart.answer == .sampled { return ofPart }
            if ofPart.dependsOnChance { vote.dependsOnChance = true }
        }
        return vote
    }

    func prospect(of trace: TraceFeatures, _ measured: Measurements, supposing values: SupposedValues) -> Prospect {
        var open: Prospect?
        for part in parts.policies.indices where canPay(part, for: trace, measured) {
            let prospect = parts.policies[part].prospect(of: trace, measured, supposing: values)
            switch prospect {
            case .answer(.sampled): return prospect
            case .answer: continue
            case .open: open = open ?? prospect
            }
        }
        return open ?? .answer(.notSampled)
    }

    func reason(_ trace: TraceFeatures, _ measured: Measurements) -> String {
        var reasons: [String] = []
        for part in parts.policies.indices {
            let reason = "\(parts.names[part]): \(parts.policies[part].reason(trace, measured))"
            guard parts.policies[part].vote(on: trace, measured).answer == .sampled else {
                reasons.append(reason)
                continue
            }
            let left = min(measured[number: slots[part]], measured[number: slots[parts.policies.count]])
            let isPaid = canPay(part, for: trace, measured)
            reasons.append("\(reason), \(spans(trace.spanCount)), \(brief(left)) left\(isPaid ? "" : ": too few")")
            if isPaid { break }
        }
        return reasons.joined(separator: "; ")
    }

    func part(_ trace: TraceFeatures, _ measured: Measurements) -> String? {
        payer(for: trace, measured).map { payer in
            let inner = parts.policies[payer].part(trace, measured)
            return parts.names[payer] + (inner.map { "/" + $0 } ?? "")
        }
    }

    func letIn(_ trace: TraceFeatures, _ measured: Measurements, at now: UInt64) {
        guard let payer = payer(for: trace, measured) else { return }
        parts.policies[payer].letIn(trace, measured, at: now)
        allowance.withLock { allowance in
            allowance.fill(until: now &+ wallTimeOffset)
            allowance.take(Double(trace.spanCount), part: payer)
        }
    }

    /// What an earlier part has let in, or would have if another policy had not, was left to no other.
    func noteDemand(of trace: TraceFeatures, _ measured: Measurements, at now: UInt64) {
        for part in parts.policies.indices {
            if parts.policies[part].hasTarget { parts.policies[part].noteDemand(of: trace, measured, at: now) }
            if canPay(part, for: trace, measured), parts.rulesOn(part, trace, measured) == .sampled { return }
        }
    }

    func learn(from trace: TraceFeatures, at now: UInt64) { parts.learn(from: trace, at: now) }

    func forget(_ keys: ForgottenKeys) { parts.forget(keys) }

    var takesAllowance: Bool { true }
    var leavesToChance: Bool { parts.leavesToChance }
    var measures: Bool { true }
    var hasTarget: Bool { parts.hasTarget }
    var learns: Bool { parts.learns }

    /// The first part that samples and can pay.
    private func payer(for trace: TraceFeatures, _ measured: Measurements) -> Int? {
        parts.policies.indices.first { part in
            canPay(part, for: trace, measured)
                && parts.policies[part].vote(on: trace, measured).answer == .sampled
        }
    }

    private func canPay(_ part: Int, for trace: TraceFeatures, _ measured: Measurements) -> Bool {
        full.allows(
            Double(trace.spanCount), part: part, available: measured[number: slots[part]],
            balance: measured[number: slots[parts.policies.count]])
    }
}
