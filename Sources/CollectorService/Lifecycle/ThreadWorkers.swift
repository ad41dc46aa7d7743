import CollectorCore
import NIOPosix

/// Worker threads beside the event loops.
package final class ThreadWorkers: WorkerPool {
    private let pool: NIOThreadPool

    package init(threads: Int) {
        pool = NIOThreadPool(numberOfThreads: max(1, threads))
        pool.start()
    }

    package func run(_ work: @escaping @Sendable () -> Void) {
        // Work that comes after the pool has stopped still runs, here: it may be the last to hold somebody's items.
        pool.submit { _ in work() }
    }

    package func shutdown() async {
        try? await pool.shutdownGracefully()
    }
}
