import CollectorCore

/// Does the work on the calling thread: a sink has nothing else to do meanwhile, and handing over costs CPU.
struct InlineWorkers: WorkerPool {
    func run(_ work: @escaping @Sendable () -> Void) { work() }
}
