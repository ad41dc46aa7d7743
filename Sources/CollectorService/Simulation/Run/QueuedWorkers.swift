import CollectorCore
import Synchronization

/// Workers without threads: what they are given waits until the simulation lets it run, so the order is always the same
/// and nobody runs inside a call that holds a lock.
final class QueuedWorkers: WorkerPool {
    private let queue = Mutex<[@Sendable () -> Void]>([])

    func run(_ work: @escaping @Sendable () -> Void) {
        queue.withLock { $0.append(work) }
    }

    /// Runs everything that waits, in order, and what that adds.
    func drain() {
        while true {
            let waiting = queue.withLock { queue in
                defer { queue = [] }
                return queue
            }
            if waiting.isEmpty { return }
            for work in waiting { work() }
        }
    }
}
