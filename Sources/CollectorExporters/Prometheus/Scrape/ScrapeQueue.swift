// Which scrapes may run. Each takes memory for the pieces on their way, for as long as its client takes to read them, so
// few run at the same time and the others wait. Clients that do not read would keep all places: when somebody waits for
// one, the scrape whose client has taken nothing for the longest time gives its own up. The newest is let in first, since
// the oldest that wait are those most likely given up by their clients; whoever waits too long is refused.

/// The scrapes of one endpoint: those that run and those that wait. Times are nanoseconds of the clock's `now()`.
struct ScrapeQueue {
    enum Action: Equatable {
        case start(Int)
        /// Never ran.
        case refuse(Int)
        /// Runs, and gives up its place by closing its connection; `leave` is still to come.
        case cutOff(Int)
    }

    private struct Running {
        /// Since when it is the client's turn; nil while a piece is made.
        var restsSince: UInt64?
        var isCutOff = false
    }

    static let runningLimit = 16
    static let waitingLimit = 64
    /// A client that takes nothing for so long may lose its place to another one.
    static let patience: UInt64 = 250_000_000
    static let longestWait: UInt64 = 5_000_000_000

    private var running: [Int: Running] = [:]
    /// Oldest first.
    private var waiting: [(number: Int, since: UInt64)] = []

    var runningCount: Int { running.count }
    /// Whether `look` must be called again.
    var hasWaiting: Bool { !waiting.isEmpty }

    /// A scrape comes, under a number of its own.
    mutating func enter(_ number: Int, now: UInt64) -> [Action] {
        if running.count < Self.runningLimit {
            running[number] = Running()
            return [.start(number)]
        }
        waiting.append((number, now))
        let oldest = waiting.count > Self.waitingLimit ? [Action.refuse(waiting.removeFirst().number)] : []
        return oldest + cutOff(now)
    }

    /// The next piece of a scrape is being made.
    mutating func work(_ number: Int) {
        running[number]?.restsSince = nil
    }

    /// A piece is made, and the client has to take it.
    mutating func rest(_ number: Int, now: UInt64) {
        running[number]?.restsSince = now
    }

    /// A scrape is over, its memory is free.
    mutating func leave(_ number: Int) -> [Action] {
        guard running.removeValue(forKey: number) != nil, let next = waiting.popLast() else { return [] }
        running[next.number] = Running()
        return [.start(next.number)]
    }

    /// What has to happen because time has passed.
    mutating func look(now: UInt64) -> [Action] {
        var actions: [Action] = []
        while let oldest = waiting.first, now >= oldest.since &+ Self.longestWait {
            waiting.removeFirst()
            actions.append(.refuse(oldest.number))
        }
        return actions + cutOff(now)
    }

    /// Cuts off as many as are waited for.
    private mutating func cutOff(_ now: UInt64) -> [Action] {
        let missing = waiting.count - running.values.count { $0.isCutOff }
        guard missing > 0 else { return [] }
        let stalled = running.compactMap { number, scrape -> (number: Int, since: UInt64)? in
            guard !scrape.isCutOff, let since = scrape.restsSince, now >= since &+ Self.patience else { return nil }
            return (number, since)
        }
        return stalled.sorted { $0.since < $1.since }.prefix(missing).map { scrape in
            running[scrape.number]?.isCutOff = true
            return .cutOff(scrape.number)
        }
    }
}
