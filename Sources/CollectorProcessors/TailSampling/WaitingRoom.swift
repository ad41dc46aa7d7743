import CollectorCore
import Synchronization

/// Requests that wait for room in the window (`block_on_overflow`), in the order they came. No thread waits with them;
/// their bodies stay charged to the byte budget, which bounds how many there can be.
final class WaitingRoom: Sendable {
    struct Guest {
        var batch: Batch
        var completion: Completion
    }

    private let guests = Mutex<[Guest]>([])

    var heldItems: Int { guests.withLock { $0.reduce(0) { $0 + $1.batch.itemCount } } }

    /// The request waits; its outcome is known when it has left.
    func enter(_ batch: Batch) -> Completion {
        let completion = Completion()
        guests.withLock { $0.append(Guest(batch: batch, completion: completion)) }
        return completion
    }

    /// The request that waits longest, if there is room for it.
    func leave(if hasRoom: (Batch) -> Bool) -> Guest? {
        guard let first = guests.withLock({ $0.first }), hasRoom(first.batch) else { return nil }
        return guests.withLock { $0.isEmpty ? nil : $0.removeFirst() }
    }

    func takeAll() -> [Guest] {
        guests.withLock { guests in
            defer { guests = [] }
            return guests
        }
    }
}
