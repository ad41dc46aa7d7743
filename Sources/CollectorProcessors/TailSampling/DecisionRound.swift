import Synchronization

/// Deals the shards out to those who decide in one round. That is half of the cores: when very many traces expire
/// together, deciding with all of them would take every core from those who bring requests in and send them on.
final class DecisionRound<Shard: Sendable>: Sendable {
    private struct State {
        var next = 0
        var deciders: Int
    }

    private let shards: [Shard]
    private let state: Mutex<State>
    let deciders: Int

    /// - Parameter cores: of which half, and one at least, decide.
    init(_ shards: [Shard], cores: Int) {
        self.shards = shards
        deciders = max(1, min(shards.count, cores / 2))
        state = Mutex(State(deciders: deciders))
    }

    /// The next shard that nobody has looked at yet; nil when all have been dealt out.
    func next() -> Shard? {
        state.withLock { state in
            guard state.next < shards.count else { return nil }
            defer { state.next += 1 }
            return shards[state.next]
        }
    }

    /// A decider is done; true for the last one.
    func end() -> Bool {
        state.withLock { state in
            state.deciders -= 1
            return state.deciders == 0
        }
    }
}
