import Glibc

/// SIGTERM and SIGINT, waited for instead of handled.
struct StopSignals {
    /// Call before any other thread is made: threads inherit the mask.
    func block() {
        var set = Self.set
        // unsafe: reads the set it is given.
        unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
    }

    /// Returns when one of them comes.
    func wait() {
        var set = Self.set
        var number: Int32 = 0
        // unsafe: reads the set and fills the number it is given.
        while unsafe sigwait(&set, &number) != 0 {}
    }

    private static var set: sigset_t {
        var set = sigset_t()
        // unsafe: the calls fill the set they are given.
        unsafe sigemptyset(&set)
        unsafe sigaddset(&set, SIGTERM)
        unsafe sigaddset(&set, SIGINT)
        return set
    }
}
