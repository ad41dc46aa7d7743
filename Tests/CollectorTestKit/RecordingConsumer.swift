package import CollectorCore
import Synchronization

/// A consumer that keeps what it is given, and can be told to refuse.
package final class RecordingConsumer: ConsumingComponent {
    private struct State {
        var batches: [Batch] = []
        var admitted = 0
        var withdrawn = 0
        var attempts = 0
        /// Errors for the next calls, first one first.
        var planned: [DeliveryError] = []
        /// The error for all calls once `planned` is empty.
        var standing: DeliveryError?
        var refusal: Refusal?
        var answersLater = false
        var unanswered: [Completion] = []
    }

    private let state = Mutex(State())

    package init() {}

    /// What was taken, in order.
    package var batches: [Batch] { state.withLock { $0.batches } }
    package var itemCount: Int { batches.reduce(0) { $0 + $1.itemCount } }
    /// Calls of `consume` and `admit`, refused ones included.
    package var attempts: Int { state.withLock { $0.attempts } }
    /// Admissions neither committed nor withdrawn; 0 when callers keep the contract.
    package var openAdmissions: Int { state.withLock { $0.admitted - $0.withdrawn - $0.batches.count } }
    package var withdrawals: Int { state.withLock { $0.withdrawn } }

    /// Forgets what was taken.
    package func clear() {
        state.withLock { state in
            state.admitted -= state.batches.count
            state.batches = []
        }
    }

    /// Throws these from the next calls, one each.
    package func failNext(_ errors: DeliveryError...) { state.withLock { $0.planned += errors } }

    /// Throws this from every call until `recover()`.
    package func failAlways(_ error: DeliveryError) { state.withLock { $0.standing = error } }

    package func recover() {
        state.withLock { state in
            state.planned = []
            state.standing = nil
        }
    }

    /// Takes everything, but tells of items refused one by one (partial success).
    package func refuseItems(_ refusal: Refusal?) { state.withLock { $0.refusal = refusal } }

    /// From now on batches are taken without a final word, which `answer` says.
    package func answerLater() { state.withLock { $0.answersLater = true } }

    /// Says the final word about everything taken since `answerLater` or the last answer.
    package func answer(_ outcome: Completion.Outcome) {
        let completions = state.withLock { state in
            defer { state.unanswered = [] }
            return state.unanswered
        }
        for completion in completions { completion.fulfil(outcome) }
    }

    package func admit(_ batch: Batch) throws(DeliveryError) -> any Admission {
        let error = state.withLock { state -> DeliveryError? in
            state.attempts += 1
            if !state.planned.isEmpty { return state.planned.removeFirst() }
            if let standing = state.standing { return standing }
            state.admitted += 1
            return nil
        }
        if let error { throw error }
        return ClosureAdmission {
            self.state.withLock { state in
                state.batches.append(batch)
                if state.answersLater {
                    let completion = Completion()
                    state.unanswered.append(completion)
                    return .pending(completion)
                }
                return .done(refused: state.refusal)
            }
        } withdraw: {
            self.state.withLock { $0.withdrawn += 1 }
        }
    }

    package func start() async throws(ComponentError) {}
    package func shutdown(deadline: UInt64) async {}
}

/// A consumer that refuses everything.
package final class FailingConsumer: Consumer {
    private let error: DeliveryError

    package init(_ error: DeliveryError = .retryable("the test's backend is down")) {
        self.error = error
    }

    package func admit(_ batch: Batch) throws(DeliveryError) -> any Admission { throw error }
}
