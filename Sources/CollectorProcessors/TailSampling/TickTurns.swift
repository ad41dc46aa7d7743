import Synchronization

/// Lets few shards decide at the same time, the others in the order in which they came due: when very many traces expire
/// together, deciding in all shards at once would take every core from those who bring requests in and send them on.
final class TickTurns<Shard: AnyObject & Sendable>: Sendable {
    private struct State {
        var free: Int
        var line: [Shard] = []
    }

    private let state: Mutex<State>

    /// - Parameter cores: of which half, and one at least, decide.
    init(cores: Int) {
        state = Mutex(State(free: max(1, cores / 2)))
    }

    /// Whether the shard may go on now; otherwise it gets its turn from somebody's `end`.
    func begin(_ shard: Shard) -> Bool {
        state.withLock { state in
            guard state.free == 0 else {
                state.free -= 1
                return true
            }
            if !state.line.contains(where: { $0 === shard }) { state.line.append(shard) }
            return false
        }
    }

    /// Ends a turn; returns the shard whose turn it is instead.
    func end() -> Shard? {
        state.withLock { state in
            guard state.line.isEmpty else { return state.line.removeFirst() }
            state.free += 1
            return nil
        }
    }
}
