import CollectorService
import Glibc

/// Where the program begins.
@main
enum Entry {
    static func main() {
        // Before any other thread exists: threads inherit the signal mask, and malloc's settings hold for blocks to come.
        TerminationSignals.block()
        Allocator.tune()
        // Detached: this function is on the main actor, whose thread is about to wait for signals for good.
        Task.detached {
            await Needletail.main(nil)
            exit(0)
        }
        TerminationSignals.serve()
    }
}
