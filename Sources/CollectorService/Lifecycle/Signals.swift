import CollectorCore
import Glibc

/// The signals that end the process. The main thread waits for them, all others have them blocked: no handler ever
/// interrupts anything.
package enum TerminationSignals {
    private static let arrival = Completion()
    private static let number = Counter()

    /// Call first thing on the main thread, before any other thread is made: threads inherit the mask.
    package static func block() {
        var set = signals()
        // unsafe: reads the set it is given.
        unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
        // Writing to a closed pipe or socket is an error to handle, not an end.
        signal(SIGPIPE, SIG_IGN)
    }

    /// The main thread's loop. The second signal ends the process at once with status 1 (conformance 236).
    package static func serve() -> Never {
        number.add(Int(wait()))
        arrival.fulfil(.success(nil))
        _ = wait()
        _exit(1)
    }

    /// Returns the number of the first SIGTERM or SIGINT when it comes.
    package static func first() async -> Int {
        await withCheckedContinuation { continuation in
            arrival.whenFulfilled { _ in continuation.resume() }
        }
        return Int(number.value)
    }

    private static func signals() -> sigset_t {
        var set = sigset_t()
        // unsafe: the calls fill the set they are given.
        unsafe sigemptyset(&set)
        unsafe sigaddset(&set, SIGTERM)
        unsafe sigaddset(&set, SIGINT)
        return set
    }

    private static func wait() -> Int32 {
        var set = signals()
        var number: Int32 = 0
        // unsafe: reads the set and fills the number it is given.
        while unsafe sigwait(&set, &number) != 0 {}
        return number
    }
}
