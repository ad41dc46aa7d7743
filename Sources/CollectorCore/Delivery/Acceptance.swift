import Synchronization

/// How a consumer took a batch.
package enum Acceptance: Sendable {
    /// The consumer answers for the items from now on, except for `refused`, which the client hears of as OTLP
    /// partial success.
    case done(refused: Refusal? = nil)
    /// The outcome is known later; the client's answer waits for it.
    case pending(Completion)
}

/// Items of a request that were not taken while the rest was.
package struct Refusal: Sendable, Equatable {
    package var count: Int
    /// English, for the developer of the sending application.
    package var reason: String

    package init(count: Int, reason: String) {
        self.count = count
        self.reason = reason
    }

    /// Refusals of different items as one; the first reason stands for both.
    package static func joined(_ first: Refusal?, _ second: Refusal?) -> Refusal? {
        guard let first else { return second }
        guard let second else { return first }
        let (count, overflow) = first.count.addingReportingOverflow(second.count)
        return Refusal(count: overflow ? Int.max : count, reason: first.reason)
    }

    /// What is told of the same items when several took them: the larger refusal.
    package static func larger(_ first: Refusal?, _ second: Refusal?) -> Refusal? {
        guard let first else { return second }
        guard let second else { return first }
        return second.count > first.count ? second : first
    }
}

/// A result that arrives once, from any thread.
package final class Completion: Sendable {
    package typealias Outcome = Result<Refusal?, DeliveryError>

    private enum State {
        case waiting([@Sendable (Outcome) -> Void])
        case fulfilled(Outcome)
    }

    private let state = Mutex(State.waiting([]))

    package init() {}

    /// Sets the outcome; later calls change nothing. Waiting callbacks run on this thread.
    package func fulfil(_ outcome: Outcome) {
        let callbacks = state.withLock { state -> [@Sendable (Outcome) -> Void] in
            guard case .waiting(let callbacks) = state else { return [] }
            state = .fulfilled(outcome)
            return callbacks
        }
        for callback in callbacks { callback(outcome) }
    }

    /// Calls `body` with the outcome, at once when it is known already.
    package func whenFulfilled(_ body: @escaping @Sendable (Outcome) -> Void) {
        let known = state.withLock { state -> Outcome? in
            switch state {
            case .waiting(let callbacks):
                state = .waiting(callbacks + [body])
                return nil
            case .fulfilled(let outcome):
                return outcome
            }
        }
        if let known { body(known) }
    }
}

extension Completion {
    /// A completion of several: fulfilled when all are, with the first failure if there is one.
    ///
    /// - Parameter combine: `Refusal.joined` for parts of a batch, `Refusal.larger` for branches that had all of it.
    package static func all(
        _ parts: [Completion], refused: Refusal?,
        combine: @escaping @Sendable (Refusal?, Refusal?) -> Refusal?
    ) -> Completion {
        let whole = Completion()
        let state = Mutex((remaining: parts.count, outcome: Outcome.success(refused)))
        let shared = SharedMutex(state)
        for part in parts {
            part.whenFulfilled { outcome in
                let finished = shared.mutex.withLock { state -> Outcome? in
                    state.remaining -= 1
                    switch (state.outcome, outcome) {
                    case (.success(let first), .success(let second)):
                        state.outcome = .success(combine(first, second))
                    case (.success, .failure): state.outcome = outcome
                    case (.failure, _): break
                    }
                    return state.remaining == 0 ? state.outcome : nil
                }
                if let finished { whole.fulfil(finished) }
            }
        }
        return whole
    }
}

/// A mutex that closures can share.
private final class SharedMutex<Value>: Sendable {
    let mutex: Mutex<Value>

    init(_ mutex: consuming sending Mutex<Value>) {
        self.mutex = mutex
    }
}
