import CollectorCore
import DequeModule
import Synchronization

/// Runs jobs one after the other on a worker thread, in the order they came: for exporters that write to one file.
///
/// Bounded by items, since what waits here is held for somebody.
final class SerialWriter: Sendable {
    private struct Job: Sendable {
        var items: Int
        var signal: Signal
        var run: @Sendable () -> Void
    }

    private struct State {
        var jobs: Deque<Job> = []
        var isRunning = false
        var heldItems: [Signal: Int] = [:]

        var allHeldItems: Int { heldItems.values.reduce(0, +) }
        var idle: [@Sendable () -> Void] = []
    }

    private let state = Mutex(State())
    private let workers: any WorkerPool
    private let capacity: Int

    /// - Parameter capacity: items that may wait together.
    init(_ workers: any WorkerPool, capacity: Int = 100_000) {
        self.workers = workers
        self.capacity = capacity
    }

    /// Items of a signal that wait or are being written.
    func heldItems(of signal: Signal) -> Int { state.withLock { $0.heldItems[signal] ?? 0 } }

    /// Sets room for `items` aside; false when too many wait.
    func reserve(_ items: Int, _ signal: Signal) -> Bool {
        state.withLock { state in
            let held = state.allHeldItems
            guard held == 0 || held + items <= capacity else { return false }
            state.heldItems[signal, default: 0] += items
            return true
        }
    }

    func release(_ items: Int, _ signal: Signal) {
        state.withLock { $0.heldItems[signal, default: 0] -= items }
    }

    /// Runs `job` after those before it; the room reserved for its items is given back when it has ended.
    func append(items: Int, _ signal: Signal, _ job: @escaping @Sendable () -> Void) {
        let starts = state.withLock { state -> Bool in
            state.jobs.append(Job(items: items, signal: signal, run: job))
            defer { state.isRunning = true }
            return !state.isRunning
        }
        if starts { workers.run { self.drain() } }
    }

    private func drain() {
        while true {
            while let job = state.withLock({ $0.jobs.popFirst() }) {
                job.run()
                release(job.items, job.signal)
            }
            // nil when something came in between: this thread goes on with it.
            let waiters = state.withLock { state -> [@Sendable () -> Void]? in
                guard state.jobs.isEmpty else { return nil }
                state.isRunning = false
                defer { state.idle = [] }
                return state.idle
            }
            guard let waiters else { continue }
            for waiter in waiters { waiter() }
            return
        }
    }

    /// Returns when everything appended so far has run.
    func finish() async {
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            let isIdle = state.withLock { state -> Bool in
                guard state.isRunning else { return true }
                state.idle.append { continuation.resume() }
                return false
            }
            if isIdle { continuation.resume() }
        }
    }
}
