import CollectorCore
import Synchronization

/// Requests that wait for room in the window (`block_on_overflow`), in the order they came. No thread waits with them;
/// their bodies stay charged to the byte budget, which bounds how many there can be.
///
/// Whether there is room is asked with the room's lock held, and who passes is noted under the same lock until its spans
/// are in the window (`release`), so that requests at the same moment do not all get the same room.
final class WaitingRoom: Sendable {
    struct Guest {
        var batch: Batch
        var demand: RoomDemand
        var completion: Completion
    }

    enum Entry {
        /// There is room, which is kept until `release`.
        case passes
        case waits(Completion)
        /// Nobody is let in any more.
        case closed
    }

    private struct State {
        var guests: [Guest] = []
        /// What those take who have passed and are not in the window yet.
        var passing: RoomDemand
        /// Whether everybody passes.
        var isOpen = false
        var isClosed = false
    }

    private let state: Mutex<State>

    init(shards: Int) {
        state = Mutex(State(passing: RoomDemand(shards: shards)))
    }

    var heldItems: Int { state.withLock { $0.guests.reduce(0) { $0 + $1.batch.itemCount } } }

    /// Whether requests wait when there is no room.
    var isGuarded: Bool { state.withLock { !$0.isOpen && !$0.isClosed } }

    /// The request passes if nobody waits and there is room; else it waits, and its outcome is known when it has left.
    /// - Parameter hasRoom: told what is wanted, and what those take who are on their way.
    func enter(_ batch: Batch, _ demand: RoomDemand, if hasRoom: (RoomDemand, RoomDemand) -> Bool) -> Entry {
        state.withLock { state in
            if state.isClosed { return .closed }
            if state.isOpen || (state.guests.isEmpty && hasRoom(demand, state.passing)) {
                state.passing += demand
                return .passes
            }
            let completion = Completion()
            state.guests.append(Guest(batch: batch, demand: demand, completion: completion))
            return .waits(completion)
        }
    }

    /// The request that waits longest, if there is room for it; the room is kept until `release`.
    func leave(if hasRoom: (RoomDemand, RoomDemand) -> Bool) -> Guest? {
        state.withLock { state in
            guard let first = state.guests.first, hasRoom(first.demand, state.passing) else { return nil }
            state.guests.removeFirst()
            state.passing += first.demand
            return first
        }
    }

    /// A request that passed is in the window now.
    func release(_ demand: RoomDemand) {
        state.withLock { $0.passing -= demand }
    }

    /// Lets out all who wait, and from now on everybody pass: a shutdown has begun, and receivers wait for those who
    /// wait here, while components upstream have yet to hand over what they hold.
    func open() -> [Guest] {
        state.withLock { state in
            state.isOpen = true
            defer { state.guests = [] }
            return state.guests
        }
    }

    /// Lets out all who wait, and nobody in from now on.
    func close() -> [Guest] {
        state.withLock { state in
            state.isClosed = true
            defer { state.guests = [] }
            return state.guests
        }
    }
}
