/// Threads for work that is too long for an event loop: compression, JSON, large bodies, files.
package protocol WorkerPool: Sendable {
    /// Runs `work` on a worker thread, soon. Work may block briefly but never waits for other work.
    func run(_ work: @escaping @Sendable () -> Void)
}
