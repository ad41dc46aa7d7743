import CollectorCore
import Synchronization

/// Remembers the last decision that was announced, to tell how policies voted.
final class LastDecision: Sendable {
    private let decision = Mutex<TraceDecision?>(nil)

    func note(_ decisions: [TraceDecision]) {
        guard let last = decisions.last else { return }
        decision.withLock { $0 = last }
    }

    /// `errors: not_sampled, status UNSET; slow: sampled, latency 700 ms ≥ 500 ms`.
    var votes: String {
        let votes = decision.withLock { $0?.votes ?? [] }
        return votes.map { vote in
            "\(vote.policy): \(vote.answer.rawValue)\(vote.reason.isEmpty ? "" : ", \(vote.reason)")"
        }.joined(separator: "; ")
    }
}
