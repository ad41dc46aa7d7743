import CollectorCore
import Synchronization

/// Gives memory back to the system after a burst: malloc keeps what buffers have freed, in case it is wanted again.
final class MemoryReturner: Sendable {
    private static let period = Duration.seconds(10)
    /// Less than this is not worth the page faults of getting it back.
    private static let worthwhileBytes = 32 << 20

    private let environment: ServiceEnvironment
    private let peak = Atomic<Int>(0)
    private let isStopped = Atomic(false)

    init(_ environment: ServiceEnvironment) {
        self.environment = environment
    }

    func start() {
        environment.clock.schedule(after: Self.period) { [weak self] in self?.tick() }
    }

    func stop() {
        isStopped.store(true, ordering: .relaxed)
    }

    private func tick() {
        guard !isStopped.load(ordering: .relaxed) else { return }
        let used = environment.budget.takePeak()
        let before = peak.exchange(used, ordering: .relaxed)
        if before - used > Self.worthwhileBytes { environment.workers.run { Allocator.trim() } }
        start()
    }
}
