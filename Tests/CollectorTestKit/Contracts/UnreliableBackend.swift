package import CollectorCore
import OTLPWire
import Synchronization

/// How a backend of the contract checkers treats a request. It refuses everything for now in `retryablePercent` of the
/// cases, and for good whenever an item of `poison` is in it, as a backend does that finds invalid data.
package struct BackendMood: Sendable {
    package var retryablePercent = 35
    /// Items with these numbers are never taken, nor is what comes in one request with them.
    package var poison: @Sendable (UInt64) -> Bool

    package init(retryablePercent: Int = 35, poison: @escaping @Sendable (UInt64) -> Bool = { $0 % 29 == 0 }) {
        self.retryablePercent = retryablePercent
        self.poison = poison
    }
}

/// What a backend received, item by item, and its decisions about requests: the same in every run.
package final class UnreliableBackend: Sendable {
    private struct State {
        var random: SeededGenerator
        var items: [UInt64] = []
    }

    private let mood: BackendMood
    private let state: Mutex<State>

    package init(seed: UInt64, _ mood: BackendMood = BackendMood()) {
        self.mood = mood
        state = Mutex(State(random: SeededGenerator(seed: seed)))
    }

    /// The numbers of the items that were taken, in order, as often as they were taken.
    package var items: [UInt64] { state.withLock { $0.items } }

    /// The answer to a request with these items; nil when they may be taken.
    package func refusal(of items: [UInt64]) -> DeliveryError? {
        if items.contains(where: mood.poison) { return .permanent("the contract's backend refuses poison") }
        let isDown = state.withLock { $0.random.chance(mood.retryablePercent) }
        return isDown ? .retryable("the contract's backend is down") : nil
    }

    package func take(_ items: [UInt64]) { state.withLock { $0.items += items } }
}

/// An unreliable backend as the next component of a processor.
package final class UnreliableConsumer: Consumer {
    package let backend: UnreliableBackend
    private let openAdmissions = Atomic<Int>(0)

    package init(_ backend: UnreliableBackend) { self.backend = backend }

    /// Admissions neither committed nor withdrawn; 0 when callers keep the contract.
    package var openCount: Int { openAdmissions.load(ordering: .relaxed) }

    package func admit(_ batch: Batch) throws(DeliveryError) -> any Admission {
        let items = batch.itemNumbers
        if let error = backend.refusal(of: items) { throw error }
        openAdmissions.add(1, ordering: .relaxed)
        return ClosureAdmission {
            self.openAdmissions.subtract(1, ordering: .relaxed)
            self.backend.take(items)
            return .done()
        } withdraw: {
            self.openAdmissions.subtract(1, ordering: .relaxed)
        }
    }
}

extension Batch {
    /// The span ids, which number the items of the contract checkers.
    package var itemNumbers: [UInt64] {
        segments.flatMap { segment -> [UInt64] in
            guard case .traces(let index) = segment.index else { return [] }
            return index.spans.map(\.spanID)
        }
    }
}
