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

    /// - Parameter slots: one for each part and one more.
    init(parts: PolicyParts, slots: [Int], allowance: CompositeAllowance) {
        self.parts = parts
        self.slots = slots
        full = allowance
        self.allowance = Mutex(allowance)
    }

    func measure(_ trace: TraceFeatures, at now: UInt64, _ measured: inout Measurements) {
        parts.measure(trace, at: now, &measured)
        let filled = allowance.withLock { allowance in
            var filled = allowance
            filled.fill(until: now)
            return filled
        }
        for part in parts.policies.indices { measured[number: slots[part]] = filled.available(to: part) }
        measured[number: slots[parts.policies.count]] = filled.balance
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
            allowance.fill(until: now)
            allowance.take(Double(trace.spanCount), part: payer)
        }
    }

    func learn(from trace: TraceFeatures, isCandidate: Bool, at now: UInt64) {
        parts.learn(from: trace, isCandidate: isCandidate, at: now)
    }

    var takesAllowance: Bool { true }
    var leavesToChance: Bool { parts.leavesToChance }
    var measures: Bool { true }
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
